"""Personas, rows, probes and the access matrix: who can do what to which rows, by trying.

From what a database says to what a person reads, and no module imports of a later folder:

    policies  writing  personas  matrix     what texts say, how statements are written, who, what
    ownership  rows  probes  people         whose rows, how they come to be, what is tried, by whom
    world  observation                      two users' rows on a clone, and whoever knocks there
    tables  reached  functions  views  services     what is asked beyond the probes
    observe                                 all of it, for one database: the access matrix
    contract  review  comparison  witness   the file, the objections, the differences, the reasons
    check  exposure  verify                 an answer: is the contract kept

A folder's main module has the folder's name.
"""
