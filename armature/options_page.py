"""docs/options.md: every option with its flag, default, limits, effect, and the test that shows the effect.

`python -m armature.options_page` prints it; names, defaults and limits are the model's own, so that the page can't
disagree with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic.fields import FieldInfo

from armature.models import Model
from armature.options import MAX_TAG_NAME, MAX_TAG_VALUE, MAX_TAGS, NAME_PREFIX, Options, RetryPolicy
from armature.settings import setting_behind


@dataclass(frozen=True)
class _Told:
    """What the model itself does not say of an option: the command line's flag, the effect, the test that shows it."""

    flag: str
    effect: str
    shown_by: str


_TOLD = {
    "mode": _Told(
        "--mode",
        "`Incremental` leaves what no template names, `Complete` deletes it once the list is approved; `WhatIf` "
        "only tells what would change, `Validate` only whether Azure would accept it",
        "tests/end_to_end/test_complete.py::test_exactly_what_was_approved_goes_and_a_rollback_puts_the_templates_back",
    ),
    "dryRun": _Told(
        "--dry-run",
        "tells what would change, and with `Complete` what would be deleted; changes nothing",
        "tests/orchestrators/test_preview.py::"
        "test_a_dry_run_of_mode_complete_lists_what_would_be_deleted_before_all_is_merged",
    ),
    "force": _Told(
        "--force",
        "deploys without a preview and without asking for approval, whatever would call for it",
        "tests/orchestrators/test_approving.py::test_force_asks_nobody",
    ),
    "parallel": _Told(
        "--sequential",
        "`false` deploys one template at a time",
        "tests/end_to_end/test_options.py::test_as_many_are_in_flight_as_is_allowed",
    ),
    "maxConcurrency": _Told(
        "--max-concurrency",
        "so many templates, or uploads, are in flight at once",
        "tests/end_to_end/test_options.py::test_as_many_are_in_flight_as_is_allowed",
    ),
    "scheduling": _Told(
        "--scheduling",
        "`graph` starts a template as soon as its own dependencies are done, `tier` once all earlier tiers are",
        "tests/end_to_end/test_options.py::test_tier_scheduling_waits_for_all_of_the_tier_before",
    ),
    "assemblyOrder": _Told(
        "--assembly-order",
        "orders the stacks of a cloud assembly: `inferred` from the resource groups they make and the resources "
        "they name, `listed` one by one as they are listed",
        "tests/armature/test_ordering.py::test_listed_order_is_one_by_one_as_the_keys_stand",
    ),
    "strategy": _Told(
        "--strategy",
        "`graph`: Armature starts each template; `root`: one deployment in Azure holds all of them and their order",
        "tests/end_to_end/test_root.py::test_a_root_gives_the_same_as_the_graph_on_the_same_bundle",
    ),
    "delivery": _Told(
        "--delivery",
        "`sas` hands Azure a link to each template, `inline` the template itself; `automatic` is `inline` where "
        "the artifact storage can't be reached from outside",
        "tests/end_to_end/test_delivery.py::test_templates_are_sent_put_back_and_the_same_as_by_links",
    ),
    "pollIntervalSeconds": _Told(
        "",
        "seconds between two looks at Azure",
        "tests/orchestrators/test_rollout.py::test_one_poll_activity_a_tick_watches_all_that_is_in_flight",
    ),
    "retryPolicy": _Told(
        "",
        "how often and how patiently what can pass is tried again; a longer `Retry-After` holds",
        ""
        "tests/orchestrators/test_rollout.py::test_a_template_that_fails_transiently_in_arm_is_put_again_until_its_attempts_are_used_up",
    ),
    "retryPolicy.maxAttempts": _Told(
        "--max-attempts",
        "attempts in all, the first included",
        "tests/armature/test_scheduling.py::test_a_transient_failure_is_tried_max_attempts_times_in_all",
    ),
    "retryPolicy.firstIntervalSeconds": _Told(
        "--first-interval",
        "seconds before the second attempt",
        "tests/armature/test_patience.py::test_the_back_off_grows_by_the_policy_and_ends_after_its_attempts",
    ),
    "retryPolicy.backoffMultiplier": _Told(
        "--backoff-multiplier",
        "factor between one wait and the next",
        "tests/armature/test_patience.py::test_the_back_off_grows_by_the_policy_and_ends_after_its_attempts",
    ),
    "timeout": _Told(
        "--timeout",
        "minutes until it is given up, counted from when its turn has come and it is approved",
        "tests/end_to_end/test_cancel.py::test_a_deployment_whose_time_is_over_is_stopped_and_has_failed",
    ),
    "rollbackOnFailure": _Told(
        "--no-rollback-on-failure",
        "puts everything back as it was when the deployment fails, is cancelled or times out",
        ""
        "tests/end_to_end/test_rollback_first.py::test_a_first_deployment_that_fails_leaves_what_was_there_and_nothing_else",
    ),
    "cancelOnFailure": _Told(
        "--cancel-on-failure",
        "cancels what is in flight when a template has failed, instead of letting it finish",
        "tests/end_to_end/test_cancel.py::test_a_failure_cancels_the_rest_when_that_is_asked_for",
    ),
    "tags": _Told(
        "--tag",
        "puts these tags on the deployments in Azure, on resource groups that are made, and on every resource "
        "that is deployed and takes tags, beside the templates' own",
        "tests/end_to_end/test_tags.py::"
        "test_everything_that_takes_tags_bears_those_of_the_options_and_a_rollback_puts_the_earlier_ones_back",
    ),
    "deploymentNamePrefix": _Told(
        "--deployment-name-prefix",
        "begins the names of the deployments in Azure: `{prefix}-{template}.{deployment id}`",
        "tests/armature/test_plan.py::test_a_name_begins_with_the_prefix_as_far_as_there_is_room",
    ),
}

_WORDED = {
    "tags": f"up to {MAX_TAGS}; names of 1 to {MAX_TAG_NAME} characters, values of up to {MAX_TAG_VALUE}",
    "deploymentNamePrefix": NAME_PREFIX.words,
}
"""The values of those whose limits are not two numbers."""


def options_page() -> str:
    """The whole page."""
    lines = [
        "# Which options has a deployment?",
        "",
        "They are `options` of [the request](api.md), or flags of [`armature deploy`](cli.md). What is left out has",
        "the default, which of some options is a [setting](settings.md) of the app. What is wrong is refused before",
        "anything is touched, with a pointer to the option and what it must be.",
        "",
        "| option | flag | default | values | effect | test |",
        "| --- | --- | --- | --- | --- | --- |",
        *_rows(Options),
        "",
        "What `root` can't do, and does otherwise: [Who schedules the templates?](strategy.md)",
        "",
        "This page is written by `python -m armature.options_page > docs/options.md`.",
        "",
    ]
    return "\n".join(lines)


def _rows(model: type[Model], prefix: str = "") -> Iterator[str]:
    for name, field in sorted(model.model_fields.items(), key=lambda item: _place(f"{prefix}{item[1].alias}")):
        option = f"{prefix}{field.alias}"
        told = _TOLD[option]
        is_group = field.annotation is RetryPolicy
        default = "" if is_group else _default(name if not prefix else f"retry_policy.{name}", field)
        flag = f"`{told.flag}`" if told.flag else ""
        values = "" if is_group else _values(field)
        file, _, test = told.shown_by.partition("::")
        yield f"| `{option}` | {flag} | {default} | {values} | {told.effect} | [{test}](../{file}) |"
        if is_group:
            yield from _rows(RetryPolicy, f"{option}.")


def _place(option: str) -> int:
    return list(_TOLD).index(option)


def _default(name: str, field: FieldInfo) -> str:
    shown = "none" if field.default in (None, {}) else f"`{_json(field.default)}`"
    setting = setting_behind(name)
    return f"{shown} (`{setting}`)" if setting else shown


def _json(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values(field: FieldInfo) -> str:
    if isinstance(field.annotation, type) and issubclass(field.annotation, StrEnum):
        return ", ".join(f"`{member.value}`" for member in field.annotation)
    if field.annotation is bool:
        return "`true`, `false`"
    if field.alias in _WORDED:
        return _WORDED[field.alias]
    low = next((f"{each.ge}" for each in field.metadata if getattr(each, "ge", None) is not None), None)
    above = next((f"{each.gt}" for each in field.metadata if getattr(each, "gt", None) is not None), None)
    high = next(each.le for each in field.metadata if getattr(each, "le", None) is not None)
    return f"{low} to {high}" if low is not None else f"more than {above}, up to {high}"


if __name__ == "__main__":
    print(options_page(), end="")  # noqa: T201  (the page is this command's output)
