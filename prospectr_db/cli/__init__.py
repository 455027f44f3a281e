"""The command line: parse, call one core function, hand its report to report/."""
