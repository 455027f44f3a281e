"""The only room that renders: terminal, JSON and the formats of other tools."""
