"""A lead for where there is none yet."""

from typing import Any

SAMPLE: dict[str, Any] = {
    "schema_version": "lead_event.v1",
    "event_type": "lead.submitted",
    "submitted_at": "2026-01-31T18:05:00.000Z",
    "source": {
        "source_system": "website",
        "site_url": "https://example.com",
        "form_name": "Contact",
    },
    "lead": {
        "full_name": "Ann Lee",
        "email": "ann.lee@example.com",
        "phone": "+15555550100",
        "message": "Could you look at our roof next week?",
        "service_type": "roof repair",
        "urgency": "soon",
        "preferred_contact_method": "sms",
    },
    "location": {
        "address_line1": "12 Main Street",
        "city": "Austin",
        "state": "TX",
        "postal_code": "78701",
        "country": "US",
    },
    "attribution": {
        "landing_page": "https://example.com/roofs",
        "utm_source": "google",
        "utm_medium": "cpc",
        "utm_campaign": "spring",
    },
    "consent": {"sms_consent": True},
    "custom_fields": {},
}
