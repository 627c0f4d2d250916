"""
The database between two tests that commit.

Django truncates every table and makes all permissions anew. Here what was filled is
deleted, which takes a tenth of the time.
"""

from django.db import connection
from django.test import TransactionTestCase

# The same for all tests.
KEPT = {"django_content_type", "auth_permission"}
APPEND_ONLY = "tenants_auditentry"
LAST = "jobs_tallychange"  # a trigger writes to it as jobs are deleted
EMPTY = """
DO $$
DECLARE
  name text;
  is_filled boolean;
BEGIN
  FOREACH name IN ARRAY string_to_array('{names}', ',') LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO is_filled;
    IF is_filled THEN
      EXECUTE format(CASE name WHEN '{append_only}' THEN 'TRUNCATE %I'
        ELSE 'DELETE FROM %I' END, name);
    END IF;
  END LOOP;
END $$
"""


def empty_tables(_test=None):
    found = set(connection.introspection.django_table_names()) - KEPT
    names = ",".join(sorted(found, key=LAST.__eq__))
    with connection.cursor() as cursor:
        cursor.execute(EMPTY.format(names=names, append_only=APPEND_ONLY))


def use():
    TransactionTestCase._fixture_teardown = empty_tables
