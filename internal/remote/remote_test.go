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

func TestBelow(t *testing.T) {
	for _, c := range []struct{ name, key, want, whole string }{
		{"s3://b", "app.log", "s3://b/app.log", "app.log"},
		{"s3://b/", "a/app.log", "s3://b/a/app.log", "a/app.log"},
		{"s3://b/x?region=eu", "app.log", "s3://b/x/app.log?region=eu", "x/app.log"},
		{"mem://b/x/", "what? 100%/#1:2.log", "mem://b/x/what%3F%20100%25/%231:2.log", "x/what? 100%/#1:2.log"},
		{"s3://b/x//", "a", "s3://b/x//a", "x//a"},
		{"s3://b/x", "/a", "s3://b/x//a", "x//a"},
	} {
		got := Below(c.name, c.key)
		if got != c.want || Key(got) != c.whole {
			t.Errorf("Below(%q, %q) = %q of key %q, want %q of key %q", c.name, c.key, got, Key(got), c.want, c.whole)
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
