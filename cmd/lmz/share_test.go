package main

import (
	"encoding/xml"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/lmz-go/lmz/internal/format"
)

// What file(1) and desktops know archives by is what archives begin with.
func TestShareKnowsMagic(t *testing.T) {
	text, err := os.ReadFile("share/lmz.xml")
	if err != nil {
		t.Fatal(err)
	}
	var info struct {
		Type struct {
			Type string `xml:"type,attr"`
			Glob struct {
				Pattern string `xml:"pattern,attr"`
			} `xml:"glob"`
			Match struct {
				Value  string `xml:"value,attr"`
				Offset int    `xml:"offset,attr"`
			} `xml:"magic>match"`
		} `xml:"mime-type"`
	}
	if err := xml.Unmarshal(text, &info); err != nil {
		t.Fatal(err)
	}
	if info.Type.Type != "application/x-lmz" || info.Type.Glob.Pattern != "*"+suffix || info.Type.Match.Offset != 0 {
		t.Errorf("%+v", info)
	}
	snippet, err := os.ReadFile("share/lmz.magic")
	if err != nil {
		t.Fatal(err)
	}
	first := regexp.MustCompile(`(?m)^0\tstring\t(\S+)\tlmz`).FindSubmatch(snippet)
	if first == nil {
		t.Fatalf("%s", snippet)
	}
	for _, magic := range []string{info.Type.Match.Value, string(first[1])} {
		if got, err := strconv.Unquote(`"` + magic + `"`); got != format.HeaderMagic {
			t.Errorf("magic %q, %v, want %q", got, err, format.HeaderMagic)
		}
	}
	if tag := format.HeaderMagic[0] >> 2; tag>>4 == 2 && tag&15 != 15 {
		t.Errorf("the first byte begins an OpenPGP packet of kind %d", tag&15)
	}
}
