package bench

import rego.v1

seniors := {"sam", "rhea"}

owners := {"olga"}

emails := {"sam": "sam@example.com", "rhea": "rhea@example.com", "olga": "olga@example.com"}

assisted := `(?im)^(ai-assisted: |assisted-by: |co-authored-by: claude )`

ai if {
	some commit in input.commits
	regex.match(assisted, commit.message)
}

contributors contains commit.author.email if some commit in input.commits

contributors contains commit.committer.email if some commit in input.commits

approvals contains act if {
	some act in input.acts
	act.kind == "approve"
	act.head == input.change.head
	not emails[act.actor.login] in contributors
}

approved_by contains act.actor.login if some act in approvals

answered_by contains act.actor.login if {
	some act in approvals
	regex.match(`(?im)^topology:(\s+\S+){5,}`, act.text)
}

touches(patterns) if {
	some file in input.files
	some pattern in patterns
	glob.match(pattern, ["/"], file.path)
}

migrations if {
	some file in input.files
	glob.match("migrations/**", ["/"], file.path)
}

migration_tests if {
	some file in input.files
	glob.match("migrations/test/**", ["/"], file.path)
}

blocking contains "AI-assisted code" if {
	ai
	count(answered_by & seniors) < 1
}

blocking contains "Authentication" if {
	touches(["auth/**", "*.pem", "**/*.pem"])
	count(approved_by & (seniors | owners)) < 2
}

blocking contains "Migrations" if {
	migrations
	not migration_tests
	count(approved_by & owners) < 1
}

blocking contains "No AI in cryptography" if {
	ai
	touches(["crypto/**/*.rs", "crypto/**/*.c"])
}
