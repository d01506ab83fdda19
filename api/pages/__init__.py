"""Pages for people: the contract, the code or a release in; out, what a template shows. One module for each part."""
