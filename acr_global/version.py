"""Which release this is: the deployed app is not installed as a package, so its metadata cannot
tell."""

VERSION = "0.2.0"
