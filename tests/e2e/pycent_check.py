# SPDX-License-Identifier: Apache-2.0
"""Every method of pycent 5 that Palaver serves, unmodified, against a running server.

Usage: pycent_check.py API_URL API_KEY. Ann is connected, as the user `ann`, and subscribed to
`news`, where nothing was said yet. Prints a line for each method; ends non-zero at the first
result that is not as promised. At the end Ann has been sent away.
"""

import asyncio
import base64
import importlib.metadata
import json
import sys
import time

from cent import (
    AsyncClient, BatchRequest, BlockUserRequest, BroadcastRequest, CentApiResponseError,
    CentTransportError, CentUnauthorizedError, ChannelsRequest, Client, ConnectionsRequest,
    Disconnect, DisconnectRequest, HistoryRemoveRequest, HistoryRequest, InfoRequest,
    PresenceRequest, PresenceStatsRequest, PublishRequest, RefreshRequest, StreamPosition,
    SubscribeRequest, UnblockUserRequest, UnsubscribeRequest,
)


def expect(condition, what):
    """An assert that -O does not remove."""
    if not condition:
        raise AssertionError(what)


def error_of(call, request):
    """The code of the error that a call has to end with."""
    try:
        result = call(request)
    except CentApiResponseError as error:
        return error.code
    raise AssertionError(f"{request!r} succeeded: {result!r}")


def publish(api):
    request = PublishRequest(channel="news", data={"text": "hello"}, tags={"lang": "en"},
                             idempotency_key="k1")
    first = api.publish(request)
    expect(first.offset > 0 and first.epoch, first)
    expect(api.publish(request) == first, "a retry has the first one's position")
    b64 = base64.b64encode(json.dumps({"text": "base64"}).encode()).decode()
    second = api.publish(PublishRequest(channel="news", data=None, b64data=b64))
    expect(second.offset > first.offset and second.epoch == first.epoch, second)
    live = api.publish(PublishRequest(channel="news", data=7, skip_history=True))
    expect(live.offset == 0, live)
    expect(error_of(api.publish, PublishRequest(channel="unknown:a", data=1)) == 102, "namespace")


def broadcast(api):
    responses = api.broadcast(BroadcastRequest(
        channels=["news", "unknown:a", "other"], data={"text": "to all"})).responses
    expect(len(responses) == 3, responses)
    expect(responses[0].result.offset > 0 and responses[2].result.offset > 0, responses)
    expect(responses[1].error.code == 102 and responses[1].result is None, responses)


def history(api):
    top = api.history(HistoryRequest(channel="news"))
    expect(top.publications == [] and top.offset > 0 and top.epoch, top)
    whole = api.history(HistoryRequest(channel="news", limit=10))
    data = [entry.data for entry in whole.publications]
    expect(data == [{"text": "hello"}, {"text": "base64"}, {"text": "to all"}], data)
    expect(whole.offset == top.offset and whole.epoch == top.epoch, whole)
    expect(whole.publications[0].tags == {"lang": "en"}, whole.publications[0])
    expect(whole.publications[0].info is None, "the API is nobody's connection")
    since = StreamPosition(offset=whole.publications[0].offset, epoch=whole.epoch)
    rest = api.history(HistoryRequest(channel="news", limit=10, since=since)).publications
    expect(rest == whole.publications[1:], rest)
    last = api.history(HistoryRequest(channel="news", limit=1, reverse=True)).publications
    expect(last == whole.publications[2:], last)
    foreign = HistoryRequest(channel="news", limit=1,
                             since=StreamPosition(offset=1, epoch="other"))
    expect(error_of(api.history, foreign) == 112, "a position of another epoch")


def history_remove(api):
    api.history_remove(HistoryRemoveRequest(channel="other"))
    expect(api.history(HistoryRequest(channel="other", limit=10)).publications == [], "removed")


def presence(api):
    clients = api.presence(PresenceRequest(channel="news")).presence
    expect([info.user for info in clients.values()] == ["ann"], clients)
    expect(all(client == info.client for client, info in clients.items()), clients)
    expect(next(iter(clients.values())).conn_info == {"name": "Ann"}, clients)
    expect(api.presence(PresenceRequest(channel="empty")).presence == {}, "nobody")


def presence_stats(api):
    stats = api.presence_stats(PresenceStatsRequest(channel="news"))
    expect((stats.num_clients, stats.num_users) == (1, 1), stats)


def channels(api):
    every = api.channels(ChannelsRequest()).channels
    expect({name: info.num_clients for name, info in every.items()} == {"news": 1}, every)
    expect(api.channels(ChannelsRequest(pattern="x*")).channels == {}, "a pattern")


def info(api):
    nodes = api.info(InfoRequest()).nodes
    expect(len(nodes) == 1, nodes)
    node = nodes[0]
    expect(node.uid and node.name and node.version, node)
    counts = (node.num_clients, node.num_users, node.num_channels, node.num_subs)
    expect(counts == (1, 1, 1, 1), node)


def subscribe(api):
    api.publish(PublishRequest(channel="deals", data={"n": 1}))
    epoch = api.history(HistoryRequest(channel="deals")).epoch
    api.subscribe(SubscribeRequest(user="ann", channel="deals", data={"why": "vip"},
                                   info={"seat": 1},
                                   recover_since=StreamPosition(offset=0, epoch=epoch)))
    clients = api.presence(PresenceRequest(channel="deals")).presence
    expect([info.chan_info for info in clients.values()] == [{"seat": 1}], clients)


def unsubscribe(api):
    api.unsubscribe(UnsubscribeRequest(user="ann", channel="deals"))
    expect(api.presence(PresenceRequest(channel="deals")).presence == {}, "out again")


def refresh(api):
    api.refresh(RefreshRequest(user="ann", expire_at=int(time.time()) + 3600))


def batch(api):
    replies = api.batch(BatchRequest(requests=[
        PublishRequest(channel="batch", data={"n": 1}),
        BroadcastRequest(channels=["batch", "batch 2"], data={"n": 2}),
        HistoryRequest(channel="batch", limit=5),
        PresenceStatsRequest(channel="news"),
        ChannelsRequest(),
        InfoRequest(),
    ])).replies
    expect(len(replies) == 6 and replies[0].offset > 0, replies)
    expect(all(one.result.offset > 0 for one in replies[1].responses), replies)
    expect([entry.data for entry in replies[2].publications] == [{"n": 1}, {"n": 2}], replies)
    expect(replies[3].num_clients == 1 and "news" in replies[4].channels, replies)
    expect(len(replies[5].nodes) == 1, replies)
    many = [PublishRequest(channel="many", data=n) for n in range(100)]
    offsets = [one.offset for one in api.batch(BatchRequest(requests=many, parallel=True)).replies]
    expect(len(set(offsets)) == 100 and min(offsets) > 0, offsets)


def block_user(api):
    api.block_user(BlockUserRequest(user="mallory", expire_at=int(time.time()) + 60))
    api.unblock_user(UnblockUserRequest(user="mallory"))


def disconnect(api):
    api.disconnect(DisconnectRequest(user="bob"))
    expect(api.info(InfoRequest()).nodes[0].num_clients == 1, "nobody is bob")
    api.disconnect(DisconnectRequest(user="ann", disconnect=Disconnect(code=4501, reason="moved")))


def errors(api, url):
    """What is not served, and who is not let in, is told in pycent's own exceptions."""
    try:
        api.connections(ConnectionsRequest(user="ann", expression=""))
        raise AssertionError("connections is not served")
    except CentTransportError as error:
        expect(error.status_code == 404, error)
    try:
        Client(url, "wrong").info(InfoRequest())
        raise AssertionError("a wrong key was let in")
    except CentUnauthorizedError:
        pass


async def asynchronous(url, key):
    """The same server by pycent's other client."""
    async with AsyncClient(url, key) as api:
        result = await api.publish(PublishRequest(channel="async", data={"n": 1}))
        expect(result.offset > 0, result)
        both = await api.batch(BatchRequest(requests=[
            HistoryRequest(channel="async", limit=1), InfoRequest()]))
        expect([entry.data for entry in both.replies[0].publications] == [{"n": 1}], both)


def main():
    url, key = sys.argv[1:]
    with Client(url, key) as api:
        for step in (presence, presence_stats, channels, info, publish, broadcast, history,
                     history_remove, subscribe, unsubscribe, refresh, batch, block_user):
            step(api)
            print(f"ok {step.__name__}")
        asyncio.run(asynchronous(url, key))
        print("ok asynchronous")
        errors(api, url)
        print("ok errors")
        disconnect(api)
        print("ok disconnect")
    print(f"all with cent {importlib.metadata.version('cent')}")


main()
