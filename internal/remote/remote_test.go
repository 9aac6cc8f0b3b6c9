package remote

import "testing"

func TestNames(t *testing.T) {
	for _, c := range []struct{ name, extended string }{
		{"app.log", "app.log.lmz"},
		{"what?", "what?.lmz"},
		{"s3://b/a/app.log", "s3://b/a/app.log.lmz"},
		{"s3://b/app.log?region=eu&x=1", "s3://b/app.log.lmz?region=eu&x=1"},
	} {
		if got := Extend(c.name, ".lmz"); got != c.extended {
			t.Errorf("Extend(%q) = %q, want %q", c.name, got, c.extended)
		}
		if got, ok := Cut(c.extended, ".lmz"); got != c.name || !ok {
			t.Errorf("Cut(%q) = %q, %v, want %q", c.extended, got, ok, c.name)
		}
		if got, ok := Cut(c.name, ".lmz"); got != c.name || ok {
			t.Errorf("Cut(%q) = %q, %v, want it as it is", c.name, got, ok)
		}
	}
}

func TestPath(t *testing.T) {
	for name, want := range map[string]string{
		"file:///var/log/a.log": "/var/log/a.log",
		"file:///a%20b":         "/a b",
		"file://localhost/a":    "/a",
		"file://elsewhere/a":    "file://elsewhere/a",
		"s3://b/a":              "s3://b/a",
		"a.log":                 "a.log",
	} {
		if got := Path(name); got != want {
			t.Errorf("Path(%q) = %q, want %q", name, got, want)
		}
	}
}
