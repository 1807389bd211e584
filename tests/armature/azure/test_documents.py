from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.core.credentials import TokenCredential

from armature.azure.documents import DocumentStore
from armature.errors import FailureClass, FailureError
from armature.settings import Settings


@pytest.fixture
def store(settings: Settings, credential: TokenCredential, fresh_name: Callable[[], str]) -> DocumentStore:
    return DocumentStore(settings.storage_blob_endpoint, fresh_name(), credential)


def test_nothing_is_read_from_a_container_that_does_not_exist(store: DocumentStore) -> None:
    assert store.read("state/a.json") is None
    assert store.read_lines("events/a.jsonl") == []
    assert list(store.list()) == []
    assert store.delete("state/a.json")
    assert not store.replace("state/a.json", b"{}", {}, '"0x1"')


def test_a_document_is_created_once(store: DocumentStore) -> None:
    first = store.create("state/a.json", b'{"n": 1}', {"status": "pending"})

    second = store.create("state/a.json", b'{"n": 2}', {"status": "other"})

    assert (first, second) == (True, False)
    document = store.read("state/a.json")
    assert document is not None
    assert document.content == b'{"n": 1}'
    assert document.metadata == {"status": "pending"}


def test_an_empty_document_is_a_document(store: DocumentStore) -> None:
    store.put("marker", b"")

    document = store.read("marker")

    assert document is not None
    assert document.content == b""


def test_of_two_writers_with_the_same_etag_only_the_first_replaces(store: DocumentStore) -> None:
    store.put("state/a.json", b"0")
    document = store.read("state/a.json")
    assert document is not None

    first = store.replace("state/a.json", b"1", {}, document.etag)
    second = store.replace("state/a.json", b"2", {}, document.etag)

    assert (first, second) == (True, False)
    assert store.read("state/a.json").content == b"1"  # type: ignore[union-attr]


def test_an_update_sees_what_another_writer_did_in_between(store: DocumentStore) -> None:
    store.put("counter", b"1", {"kept": "yes"})
    interrupted = []

    def add_ten(content: bytes | None) -> bytes:
        if not interrupted:
            interrupted.append(True)
            store.put("counter", b"2", {"kept": "yes"})
        return str(int(content or b"0") + 10).encode()

    stored = store.update("counter", add_ten)

    assert stored == b"12"
    assert store.read("counter").metadata == {"kept": "yes"}  # type: ignore[union-attr]


def test_of_many_updates_at_once_none_is_lost(store: DocumentStore) -> None:
    def add_one(content: bytes | None) -> bytes:
        return str(int(content or b"0") + 1).encode()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: store.update("counter", add_one), range(12)))

    assert store.read("counter").content == b"12"  # type: ignore[union-attr]


def test_lines_of_many_writers_are_all_kept_whole(store: DocumentStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: store.append("log", [f"{number}a", f"{number}b"]), range(12)))

    lines = store.read_lines("log")
    assert sorted(lines) == sorted(f"{number}{letter}" for number in range(12) for letter in "ab")
    assert all(lines[n + 1] == f"{lines[n][:-1]}b" for n in range(0, 24, 2))


def test_an_update_makes_a_document_that_is_absent_with_its_metadata(store: DocumentStore) -> None:
    store.update("new", lambda content: content or b"made", metadata=lambda content: {"length": str(len(content))})

    document = store.read("new")

    assert document is not None
    assert (document.content, document.metadata) == (b"made", {"length": "4"})


def test_an_update_that_changes_nothing_writes_nothing(store: DocumentStore) -> None:
    store.put("same", b"x")
    before = store.read("same")

    assert store.update("same", lambda content: content) == b"x"
    assert store.update("same", lambda _: None) == b"x"

    assert store.read("same") == before


def test_an_update_gives_up_when_others_never_stop_writing(store: DocumentStore) -> None:
    writes = iter(range(1_000_000))

    def always_late(_: bytes | None) -> bytes:
        store.put("busy", str(next(writes)).encode())
        return b"mine"

    with pytest.raises(FailureError) as caught:
        store.update("busy", always_late)

    assert caught.value.failure.failure_class is FailureClass.RESOURCE_CONFLICT


def test_lines_are_appended_in_order_and_read_back(store: DocumentStore) -> None:
    store.append("events/a.jsonl", ['{"n": 1}', '{"n": 2}'])
    store.append("events/a.jsonl", ['{"n": 3, "text": "grüß\u2028\x85"}'])

    assert store.read_lines("events/a.jsonl") == ['{"n": 1}', '{"n": 2}', '{"n": 3, "text": "grüß\u2028\x85"}']


def test_more_lines_than_one_append_can_take_are_all_appended(store: DocumentStore) -> None:
    lines = [f"{number}:{'x' * 1_000_000}" for number in range(10)]

    store.append("events/big.jsonl", lines)

    assert store.read_lines("events/big.jsonl") == lines


def test_a_list_gives_paths_and_metadata_in_order_without_reading(store: DocumentStore) -> None:
    for name in ("b", "a", "c"):
        store.put(f"state/{name}.json", b"{}", {"status": name, "message": "50% ünd mehr\n?"})
    store.put("other/x", b"{}")

    listed = list(store.list("state/"))

    assert [entry.path for entry in listed] == ["state/a.json", "state/b.json", "state/c.json"]
    assert listed[1].metadata == {"status": "b", "message": "50% ünd mehr\n?"}


def test_pages_follow_one_another_until_the_end(store: DocumentStore) -> None:
    for number in range(7):
        store.put(f"state/{number}", b"{}")

    paths, sizes, continuation = [], [], None
    while True:
        page = store.page("state/", size=3, continuation=continuation)
        paths += [entry.path for entry in page.entries]
        sizes.append(len(page.entries))
        continuation = page.continuation
        if continuation is None:
            break

    assert paths == [f"state/{number}" for number in range(7)]
    assert sizes == [3, 3, 1]


def test_a_document_is_deleted_once_and_only_in_the_version_that_was_read(store: DocumentStore) -> None:
    store.put("a", b"1")
    before = store.read("a")
    assert before is not None
    store.put("a", b"2")

    assert not store.delete("a", etag=before.etag)
    assert store.delete("a")
    assert store.delete("a")

    assert store.read("a") is None


def test_storage_that_is_out_of_reach_is_a_transient_failure(credential: TokenCredential) -> None:
    unreachable = DocumentStore("https://127.0.0.1:9/account", "deployments", credential)

    with pytest.raises(FailureError) as caught:
        unreachable.create("state/a.json", b"{}")

    assert caught.value.failure.failure_class is FailureClass.TRANSIENT
    assert caught.value.failure.is_retried
