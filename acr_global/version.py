"""Which release this is. What is deployed is not installed as a package, so nobody else can say."""

VERSION = "0.1.0"
