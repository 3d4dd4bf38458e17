"""One webhook of the registry for each of its regions: the existing ones, the wanted ones, and the
way from one to the other.

    model    the resource manager's view of a registry, as plain values
    reading  its answers -> the model (pure)
    refusal  errors of its answers, and which right is missing
    rights   the actions that each question needs
    signin   how it is reached: the identity, and the proxy
    asking   the Azure SDK's retries, and its errors in our own words
    arm      the questions, one method each
    plan     the wanted webhooks compared with the existing ones (pure)
    survey   which of the existing webhooks may be ours
    settle   does what is planned, and looks again until nothing is left to do
    pinging  lets each webhook send a ping, and waits for our answer
    registrar  all of these for one app at one registry: plan, apply, remove, ping
    scripts  the plan as commands for az, or for Terraform (pure)

The names of webhooks are in acr_global/registry/webhooks.py, where the app looks for them, too.
"""
