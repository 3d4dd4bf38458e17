"""One webhook of the registry for each of its regions: what there is, what there should be, and
the way from one to the other.

    model    what the resource manager says of a registry, as plain values
    reading  its answers -> the model (pure)
    refusal  what went wrong with a question to it, and which right is missing
    ids      ARM ids, taken apart (pure)
    rights   the actions that each question needs
    signin   how it is reached: the identity, and the way there
    asking   the Azure SDK's patience, and what it raises, in our own words
    arm      the questions, one method each
    plan     what there should be, held against what there is (pure)
    survey   what of all that is there may be ours
    settle   do what is planned, and look again until nothing is left to do
    pinging  ask each webhook for a ping, and wait for our answer
    registrar  all of these for one app at one registry: plan, apply, remove, ping
    scripts  the same by az or by Terraform (pure)

The names of webhooks are in acr_global/registry/webhooks.py, where the app looks for them, too.
"""
