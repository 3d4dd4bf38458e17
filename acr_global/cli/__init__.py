"""The operator's commands: dead letters and their replay, trial messages, a check of the settings,
a simulated registry.

    main.py         the entry point
    commands.py     all groups under one roof
    deadletters.py · targets.py · settings.py · pushes.py   a group each: arguments, help, and work
    webhooks.py     a group, too: the registry's webhooks; registering.py prints it, azure.py says
                    which cloud, subscription, registry and app are meant
    wait.py         one command: until an image is in every region; waiting.py does it
    regions.py      one command: how long each region takes, and what it does not report
    catch_up.py     one command: what the registry could not deliver, taken in
    doctor.py       one command: what is wrong between a push and its verdict; findings.py prints it
    simulate.py     a command of its own; what it does is in simulating.py, what it shows in
                    simulation_view.py
    connection.py   which app is meant, and the key to it
    client.py       one request to that app, one answer or one plain sentence
    environment.py  the settings as they stand here
    effective.py    each setting with its value in force and where it was said
    console.py      the standard streams, and how a command ends
    exits.py        the table of exit codes
    loose_json.py   JSON as the Functions host reads its files
    output.py       tables, and text that is safe for a terminal
    moments.py      options that are times or durations
    letters.py · push_text.py · watching.py     dead letters, and pushes, as text; pushes live
    answers.py      what the app says, as models
    reference.py · api_reference.py · settings_schema.py · telemetry_reference.py
                    docs/commands.md, docs/api.md, docs/settings.schema.json, and the tables of
                    docs/telemetry.md

typer, rich and PyYAML are the extra `cli`; console, exits, environment and loose_json do without.
"""
