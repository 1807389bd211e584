import re
from collections import Counter
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from armature.azure.arm import ArmGateway, access
from armature.azure.failures import failure_of, storage_failures
from armature.clouds import CLOUDS
from armature.errors import CATALOGUE, Entry, Failure, FailureClass, FailureError, Recovery, Speaker, entry_of
from armature.errors.facts import FACTS
from armature.errors.page import errors_page
from armature.errors.suggestions import filled, places, sentences
from tests.armature.azure.canned import Answer, AnyToken, CannedAdapter
from tests.armature.errors.bodies import BODIES, Answered, Raised

ROOT = Path(__file__).parents[3]
BY_TITLE = {row.title: row for row in CATALOGUE}
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"

NAMED_BY_STATUS = {"Unknown": "UnprocessableEntity"}

OF_ARM = """
DeploymentFailed DeploymentFailedCleanUp ResourceDeploymentFailure InvalidTemplateDeployment MultipleErrorsOccurred
BadRequest Conflict ConflictError Failed ResourceOperationFailure DownstreamEndpointError
InternalServerError InternalError ServerBusy ServiceUnavailable ServerTimeout GatewayTimeout BadGateway RequestTimeout
OperationTimedOut RetryableError ServiceBusy TemporarilyUnavailable InternalOperationError
TooManyRequests SubscriptionRequestsThrottled ResourceRequestsThrottled OperationNotAllowed
ResourceCollectionRequestsThrottled TenantRequestsThrottled
InvalidContentLink InvalidTemplateLink LinkedTemplateNotFound AuthenticationFailed AuthorizationPermissionMismatch
AuthorizationFailure
DeploymentActive AnotherOperationInProgress OperationInProgress ConcurrentOperation ConflictingConcurrentWriteNotAllowed
ResourceGroupBeingDeleted ResourceBeingDeleted InUseSubnetCannotBeDeleted ReferencedResourceNotProvisioned ScopeLocked
PreconditionFailed
ResourceNotFound NotFound ParentResourceNotFound InvalidResourceReference ResourceGroupNotFound LinkedInvalidPropertyId
SubnetNotFound PrincipalNotFound
MissingSubscriptionRegistration NoRegisteredProviderFound SubscriptionNotRegistered ResourceTypeNotRegistered
FeatureNotRegistered
QuotaExceeded ResourceQuotaExceeded DeploymentQuotaExceeded PublicIPCountLimitReached SubscriptionQuotaExceeded
SkuNotAvailable AllocationFailed ZonalAllocationFailed OverconstrainedAllocationRequest InsufficientQuota
LocationNotAvailableForResourceType RegionDoesNotAllowProvisioning
InvalidTemplate InvalidRequestContent InvalidParameter InvalidResource InvalidResourceType InvalidResourceName
InvalidResourceLocation InvalidDeploymentLocation InvalidApiVersionParameter InvalidRequestFormat DuplicateResourceName
TemplateResourceCircularDependency JobSizeExceeded AccountNameInvalid StorageAccountAlreadyTaken
StorageAccountAlreadyExists ReservedResourceName PropertyChangeNotAllowed RequestContentTooLarge
RequestDisallowedByPolicy RequestDisallowedByAzure DisallowedByPolicy PolicyViolation
AuthorizationFailed LinkedAuthorizationFailed InvalidAuthenticationToken InvalidAuthenticationTokenTenant
DenyAssignmentAuthorizationFailed Forbidden RoleAssignmentExists RoleAssignmentUpdateNotPermitted
KeyVaultParameterReferenceAuthorizationFailed KeyVaultParameterReferenceSecretRetrieveFailed
VaultAlreadyExists FlagMustBeSetForRestore DeploymentCannotBeCancelled ExpiredAuthenticationToken
""".split()
"""The codes that Resource Manager and its providers are known to answer; the table must have a row for each."""


ABOUT_READING = set(
    "DeploymentOperationNotFound ExportTemplateFailed InvalidExpandQueryString InvalidFilterInQueryString "
    "NotImplemented InvalidTagPatchOperation OperationNotFound OperationStatusNotFound DeletedVaultNotFound".split()
)
"""Codes of requests that a deployment does not make."""


def failure_from_arm(answer: Answered, monkeypatch: pytest.MonkeyPatch) -> Failure:
    adapter = CannedAdapter({("GET", f"/subscriptions/{SUBSCRIPTION}"): Answer(answer.status, answer.body)})
    monkeypatch.setattr(access, "shared_transport", adapter.transport)
    with pytest.raises(FailureError) as caught:
        ArmGateway(CLOUDS["AzureCloud"], AnyToken(), SUBSCRIPTION).check_access()
    return caught.value.failure


def failure_from_storage(answer: Answered) -> Failure:
    adapter = CannedAdapter({("GET", "/c"): Answer(answer.status, answer.body, answer.headers)})
    client = BlobServiceClient("https://a.example", transport=adapter.transport(), retry_total=0)
    with pytest.raises(FailureError) as caught, storage_failures():
        client.get_container_client("c").get_container_properties()
    return caught.value.failure


def test_every_row_has_a_body_and_every_body_a_row() -> None:
    assert BY_TITLE.keys() == BODIES.keys()


@pytest.mark.parametrize("title", BODIES)
def test_an_answer_reaches_its_row_through_everything_between(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row, body = BY_TITLE[title], BODIES[title]

    match body:
        case Raised(error):
            found = failure_of(error)
        case Answered(is_storage=True):
            found = failure_from_storage(body)
        case Answered():
            found = failure_from_arm(body, monkeypatch)

    speaker = Speaker.STORAGE if isinstance(body, Answered) and body.is_storage else Speaker.ARM
    status = body.status if isinstance(body, Answered) else None
    assert entry_of(found.causes[0], status, speaker) is row
    assert (found.failure_class, found.recovery, found.link) == (row.failure_class, row.recovery, row.link)
    assert found.suggestion == filled(row, found.causes[0])
    assert found.code == NAMED_BY_STATUS.get(row.code, "Unheard" if row.code.startswith("HTTP ") else row.code)
    assert (found.subject is not None) == (row.recovery in (Recovery.REGISTER_PROVIDER, Recovery.PRUNE_HISTORY))


def test_no_two_rows_are_about_the_same() -> None:
    twice = [title for title, count in Counter(row.title.lower() for row in CATALOGUE).items() if count > 1]

    assert twice == []


def test_the_codes_that_resource_manager_answers_are_in_the_table() -> None:
    assert set(OF_ARM) - {row.code for row in CATALOGUE} == set()


def test_the_codes_that_the_emulated_resource_manager_answers_are_in_the_table() -> None:
    answered = {
        code
        for file in (ROOT / "emulator" / "arm").rglob("*.py")
        for code in re.findall(r"ArmError\(\s*\d+,\s*\"(\w+)\"", file.read_text(encoding="utf-8"))
    }

    assert len(answered) > 100
    assert answered - {row.code for row in CATALOGUE} - ABOUT_READING == set()


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.title)
def test_a_row_says_what_to_do_whatever_the_message_tells(row: Entry) -> None:
    plain = [sentence for sentence in sentences(row.suggestion) if not places(sentence)]

    assert plain, "every sentence has a place: nothing is left of an unknown wording"
    assert set(places(row.suggestion)) <= FACTS
    assert row.link.startswith("https://learn.microsoft.com/")


def test_only_what_passes_or_can_be_mended_is_tried_again() -> None:
    hopeless = {FailureClass.POLICY, FailureClass.TEMPLATE}

    assert {
        row.title for row in CATALOGUE if row.failure_class in hopeless and row.recovery is not Recovery.FAIL
    } == set()


def test_the_page_of_errors_is_current() -> None:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")

    assert page == errors_page(), "run: python -m armature.errors > docs/errors.md"


def test_the_page_names_every_code() -> None:
    page = errors_page()

    assert [row.code for row in CATALOGUE if f"`{row.code}`" not in page] == []
