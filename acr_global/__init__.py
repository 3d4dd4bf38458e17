"""One push, many replicas, one truthful notification.

A container registry with geo-replication fires a webhook in every replica's region. This app
waits until every expected region has reported one push, then notifies once; if the deadline
passes first it says so, and names the regions that are missing.

One push's journey, file by file (data flows down; a file imports only what stands above it):

    version, errors, model, meanings, durations, patterns, json_text  the words
    setting_names, surroundings, urls       how an operator's texts are read
    sessions                                who looks at the pages
    image                                   what people call an image
    headers, proxies, outgoing              how anything is sent to another host
    secret, lenient, retry, retry_after     what targets and settings are made of
    grouping, gathering, reporting          pushes that lack the same regions → one alarm
    notify/                                 the targets, and Verdict → Message → one request each
    arm_ids, setting_values, policy, registry_setting, settings     what the operator said
    payload → receive → correlation         one webhook: bytes → PushEvent → instance id
    verdict                                 arrivals, evidence and time → Verdict
    ends, lives, audience                   what is over, what begins anew, who hears of what
    ledger                                  what was said of pushes, as rows that can be looked for
    api, lags, badge                        what the app answers, whoever asks
    operations, openapi                     what can be asked of it, and that for programs
    ui/                                     the pages that show it
    instruments, measures, spans            what is measured of a push, and its trace
    registry/                               what the registry itself says of a silent region
    registration/                           one webhook of the registry for each region
    catchup                                 what of it was not delivered, and is to be taken in
    functions/                              the Azure Functions shell around all of it: http/,
                                            orchestrators/, activities/ and timers/, a file for
                                            each function, by its name, and a package for each
                                            subject; app.py registers them
    doctor/                                 what can be wrong with all that, and what to do
    cli/                                    the operator's commands

Nothing outside functions/ knows Azure Functions.
"""
