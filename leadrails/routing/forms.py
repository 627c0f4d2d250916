"""The form of a route. It checks and cleans; the service saves."""

import json
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from destinations.models import Destination
from leadrails.core.conditions import MAX_LEAVES, ConditionError, parse_conditions
from leadrails.leads.models import Source, Workflow
from leadrails.routing.builder import Builder, Row
from leadrails.routing.models import Route
from leadrails.tenants.forms import OnceField
from leadrails.tenants.models import Tenant


class RouteForm(forms.Form):
    """`builder` holds the condition rows, None when only JSON can say them."""

    use_required_attribute = False

    once = OnceField()
    workflow = forms.ChoiceField(label=_("Leads from"))
    destination = forms.ChoiceField(label=_("Go to"))
    match = forms.ChoiceField(
        label=_("Conditions"),
        choices=[
            ("all", _("All of these must hold")),
            ("any", _("One of these must hold")),
        ],
    )
    conditions = forms.CharField(
        label=_("Conditions as JSON"),
        required=False,
        max_length=64_000,
        widget=forms.Textarea(attrs={"rows": 12, "class": "mono"}),
        help_text=_("These have groups inside groups, which rows cannot show."),
    )
    priority = forms.IntegerField(
        label=_("Priority"),
        min_value=0,
        max_value=10_000,
        initial=100,
        help_text=_("0 to 10,000; lower goes first when two routes reach one person."),
    )
    is_additional = forms.BooleanField(
        label=_("Also send"),
        required=False,
        help_text=_(
            "Without it, two routes that reach the same person for the same purpose"
            " make one message: that of the route that goes first. With it, this"
            " route always sends its own message, too."
        ),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        required=False,
        help_text=_("For your team. Left empty, it is named after its two ends."),
    )

    def __init__(
        self,
        *args: Any,
        tenant: Tenant,
        route: Route | None = None,
        **options: Any,
    ) -> None:
        self.tenant, self.route = tenant, route
        options["initial"] = self._initial() | options.get("initial", {})
        super().__init__(*args, **options)
        self.workflows = {row.public_id: row for row in _workflows(tenant, route)}
        self.destinations = {row.public_id: row for row in _destinations(tenant, route)}
        self._choices("workflow", [(k, _end(w)) for k, w in self.workflows.items()])
        self._choices(
            "destination", [(k, row.name) for k, row in self.destinations.items()]
        )
        if route:
            del self.fields["once"]
        self.builder = self._builder()
        if self.builder is not None:
            del self.fields["conditions"]

    def _initial(self) -> dict[str, Any]:
        route = self.route
        if route is None:
            return {}
        return {
            "workflow": route.workflow.public_id,
            "destination": route.destination.public_id,
            "match": "any" if "any" in route.conditions else "all",
            "conditions": json.dumps(route.conditions, indent=2, ensure_ascii=False),
            "priority": route.priority,
            "is_additional": route.is_additional,
            "name": route.name,
        }

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        # One possibility needs no choosing.
        field.choices = choices if len(choices) == 1 else [("", "–"), *choices]

    def _builder(self) -> Builder | None:
        if self.is_bound and "conditions" in self.data:
            return None
        if self.is_bound:
            posted = cast("QueryDict", self.data)
            columns = [posted.getlist(name) for name in ("field", "op", "value")]
            return Builder.posted(posted.get("match", ""), columns)
        if self.route is None:
            return Builder(rows=[Row()])
        builder = Builder.of(self.route.conditions)
        if builder is not None and not builder.rows:
            builder.rows.append(Row())
        return builder

    def edit_rows(self) -> bool:
        """Add or remove a row if that is what a button asked for."""
        if self.builder is None:
            return False
        rows = self.builder.rows
        index = str(self.data.get("remove_row", ""))[:4]
        if "add_row" in self.data:
            if len(rows) < MAX_LEAVES:
                rows.append(Row())
        elif index.isdecimal():
            del rows[int(index) : int(index) + 1]
        else:
            return False
        # While rows come and go, half a form is no mistake: nothing is judged.
        self._errors = ErrorDict()
        return True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.builder is None:
            cleaned["conditions"] = self._json(cleaned.get("conditions") or "{}")
            return cleaned
        cleaned["conditions"] = self.builder.conditions()
        if not self.builder.is_valid:
            self.add_error("match", _now("Correct the conditions marked below."))
        elif len(self.builder.rows) > MAX_LEAVES:
            problem = _now("At most %(most)d conditions are possible.")
            self.add_error("match", problem % {"most": MAX_LEAVES})
        return cleaned

    def _json(self, text: str) -> Any:
        try:
            parse_conditions(text)
        except ConditionError as error:
            self.add_error("conditions", ValidationError(str(error)))
            return {}
        return json.loads(text)

    def settings(self) -> dict[str, Any]:
        """The keyword arguments of `create_route` and `update_route`."""
        data = self.cleaned_data
        workflow = self.workflows[data["workflow"]]
        destination = self.destinations[data["destination"]]
        name = data["name"] or f"{_end(workflow)} → {destination.name}"
        return {
            "source": workflow.source,
            "workflow": workflow,
            "destination": destination,
            "name": name[:200],
            "conditions": data["conditions"],
            "priority": data["priority"],
            "is_additional": data["is_additional"],
        }


def _workflows(tenant: Tenant, route: Route | None) -> list[Workflow]:
    rows = Workflow.objects.for_tenant(tenant).select_related("source")
    alive = rows.exclude(source__status=Source.Status.REVOKED)
    found = list(alive.order_by("source__name", "source_id", "name")[:1000])
    return _with(found, route.workflow if route else None)


def _destinations(tenant: Tenant, route: Route | None) -> list[Destination]:
    rows = Destination.objects.for_tenant(tenant).listed().order_by("name", "id")
    found = list(rows.defer("credentials", "body_template")[:1000])
    return _with(found, route.destination if route else None)


def _with(rows: list[Any], own: Any) -> list[Any]:
    """A route may still point at what was deleted since; it stays choosable."""
    return rows if own is None or own in rows else [own, *rows]


def _end(workflow: Workflow) -> str:
    if workflow.name == Workflow.DEFAULT:
        return workflow.source.name
    return f"{workflow.source.name} ({workflow.name})"
