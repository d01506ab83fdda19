"""What pages for people say: the contract, a release or words in; data for a template out. Views send it."""
