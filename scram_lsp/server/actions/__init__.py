"""What can be done about a finding: fixes, suppressions, explanations, commands."""
