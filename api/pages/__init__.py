"""What pages for people say: rows of a release, or the contract, in; data for a template out."""
