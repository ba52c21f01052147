"""The parts of the 通报, in their order: each a function from the report to headings, sentences and tables."""
