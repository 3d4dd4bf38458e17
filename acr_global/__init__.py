"""One push, many replicas, one truthful notification.

A container registry with geo-replication fires a webhook in every replica's region. This app
waits until every expected region has reported one push, then notifies once; if the deadline
passes first it says so, and names the regions that are missing.

One push's journey, file by file (data flows down; a file imports only what stands above it):

    errors, model, durations, hosts, patterns, json_text        the words
    headers, proxies, outgoing              how anything is sent to another host
    setting_names, surroundings, secret, targets, target_setting, retry, retry_after,
    setting_values, policy, lenient, registry_setting, settings what the operator said
    payload → receive → correlation         one webhook: bytes → PushEvent → instance id
    verdict                                 arrivals, evidence and time → Verdict
    api                                     what the app answers, whoever asks
    notify/                                 Verdict → Message → one request per channel
    registry/                               what the registry itself says of a silent region
    functions/                              the Azure Functions shell around all of it
    cli/                                    the operator's commands

Nothing outside functions/ knows Azure Functions.
"""
