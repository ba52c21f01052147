"""shuyuan (数源): catalog entries in, checked and shared data out.

The package is a house of floors; an import only ever points down
(tests/unit/test_architecture.py holds it):

0  problems, language, workdays, scoring, identifiers,            pure facts and formulas
   normal_forms, masking, crashpoints
1  project, entry, catalog, stages                                what is declared, what flows
2  sources, formats, quality, warehouses, ledger, vault           the outside world
3  freshness, pipeline, one_source, indicators, reporting,        what the product does
   notices, checks, demonstration
4  orchestration, cli                                             the faces
"""

__version__ = "0.1.0"
