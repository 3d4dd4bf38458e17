"""The engine, Durable Functions: what it is asked, what it stores, and how turns are taken.

engine              its calls
wire                what it stores of pushes and couriers
notifications       likewise of what is sent: first attempts, and deliveries
groups              likewise of groups of alarms
names, statuses     of functions and events; what an instance shows while it runs
sdk                 our bindings; the durable SDK, where its releases differ
turns               how an orchestrator is registered
external_events     what was raised is made readable before a turn
journal             what a process notes of its turns, so that another can go on with them
probing             whether the engine takes up what it is given
"""
