package folder

import (
	"strings"
	"testing"
)

func TestUnfinished(t *testing.T) {
	isArchive := func(name string) bool { return strings.HasSuffix(name, ".lmz") }
	long := strings.Repeat("n", 40)
	for name, want := range map[string]bool{
		".a.log.lmz.APHN43VREJ":          true,
		"logs/.a\nb.lmz.APHN43VREJ":      true,
		".a.lmz.abcdefghijklmnop":        true,
		"." + long + ".APHN43VREJ":       true,
		".lmz-upload-9313c14cbc1ba6f9-0": true,
		".a.log.APHN43VREJ":              false,
		".a.lmz.log":                     false,
		".a.lmz.aphn43vrej":              false,
		"a.lmz.APHN43VREJ":               false,
		"." + long + "n.APHN43VREJ":      false,
		".lmz":                           false,
	} {
		if got := Unfinished(name, isArchive); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}
