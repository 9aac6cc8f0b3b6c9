//go:build unix

package main

import (
	"encoding/csv"
	"math"
	"slices"
	"strings"
	"testing"
)

// somePage has what writers must arrange and escape.
func somePage() *page {
	r := &report{}
	r.add(
		row{Part: "text", Name: "gzip | zcat", Measure: "size", Published: "48.1 (enwik9)", Ours: 50.25, Unit: "%", Command: "gzip -9"},
		row{Part: "text", Name: "gzip | zcat", Measure: "time", Ours: 1234567, Unit: "bytes", Command: "gzip -9", Note: "once"},
		row{Part: "logs", Name: "<b>", Measure: "size", Ours: math.NaN(), Unit: "%", Command: "echo '<b>'"},
		row{Part: "text", Name: "lm", Measure: "time", Ours: 0.00123, Unit: "bytes", Command: "lmz"},
	)
	r.Figures = []figure{
		{Title: "Curves & bars", X: "x", Y: "y", LogX: true, LogY: true, Series: []series{{Name: "a", X: []float64{1, 10, 1e6}, Y: []float64{3, 0, 5}}, {Name: "none"}}},
		{Title: "Bars", Labels: []string{"one", "two"}, Series: []series{{Name: "b", Y: []float64{1}}}},
		{Title: "Dots", Near: true, Series: []series{{Name: "c", X: []float64{1, 2}, Y: []float64{5, 6}, Dots: true}}},
	}
	r.Samples = []sample{{"from gzip", "<script>alert(1)</script>\nsecond"}}
	r.skip("FLAC: not here")
	return &page{Head: []string{"two cores"}, Sections: []section{{&table{name: "some", title: "Some table", about: "With `code`, **bold** and <tags>."}, r}}}
}

func written(t *testing.T, w writer) string {
	t.Helper()
	var b strings.Builder
	if err := w(&b, somePage()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCSV(t *testing.T) {
	lines, err := csv.NewReader(strings.NewReader(written(t, writeCSV))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		csvHead,
		{"some", "text", "gzip | zcat", "size", "48.1 (enwik9)", "50.25", "%", "gzip -9", ""},
		{"some", "text", "gzip | zcat", "time", "", "1.234567e+06", "bytes", "gzip -9", "once"},
		{"some", "logs", "<b>", "size", "", "NaN", "%", "echo '<b>'", ""},
		{"some", "text", "lm", "time", "", "0.00123", "bytes", "lmz", ""},
	}
	if !slices.EqualFunc(lines, want, slices.Equal) {
		t.Errorf("got  %q\nwant %q", lines, want)
	}
}

// A line of the table holds all measures of a name, a cell what others have published.
func TestMarkdown(t *testing.T) {
	got := written(t, writeMarkdown)
	for _, want := range []string{
		"* two cores\n",
		"## Some table\n\nWith `code`, **bold** and <tags>.\n\n### text\n\n",
		"|  | size, % | time, bytes | note | command |\n|---|--:|--:|--:|---|\n",
		"| gzip \\| zcat | 50.2 [48.1 (enwik9)] | 1\u00a0234\u00a0567 | once | `gzip -9` |\n",
		"| lm |  | 0 |  | `lmz` |\n",
		"### logs\n\n|  | size, % | command |\n|---|--:|---|\n| <b> | – | `echo '<b>'` |\n",
		"**from gzip**\n\n    <script>alert(1)</script>\n    second\n",
		"Not measured: FLAC: not here\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// The page has a plot for each figure, and nothing of what it shows is taken for HTML.
func TestHTML(t *testing.T) {
	got := written(t, writeHTML)
	for want, n := range map[string]int{
		"<svg": 3, "</svg>": 3, "Curves &amp; bars": 1, "<script": 0, "&lt;script&gt;alert(1)": 1, "&lt;tags&gt;": 1, "<b>bold</b>": 1,
		"<td>&lt;b&gt;</td>": 1, `<span class="theirs">48.1 (enwik9)</span>`: 1, "Not measured: FLAC": 1, `href="#some"`: 1, `id="some"`: 1,
		"<tr><td>": 3, "http": strings.Count(got, "http://www.w3.org/"), "NaN": 0,
	} {
		if c := strings.Count(got, want); c != n {
			t.Errorf("%q is there %d times, want %d", want, c, n)
		}
	}
	if strings.Count(got, "<section") != strings.Count(got, "</section>") || strings.Count(got, "<table") != strings.Count(got, "</table>") {
		t.Error("tags that are not closed")
	}
}

func TestFigureText(t *testing.T) {
	for _, tt := range []struct {
		v    float64
		unit string
		want string
	}{
		{math.NaN(), "", none}, {0, "%", "0"}, {0.00123, "s", "0.0012"}, {0.5, "", "0.500"}, {12.34, "%", "12.3"}, {123.4, "", "123"},
		{1234.4, "", "1\u00a0234"}, {1e6, "bytes", "1\u00a0000\u00a0000"}, {-1234567, "bytes", "-1\u00a0234\u00a0567"}, {17, "bytes", "17"},
	} {
		if got := figureText(tt.v, tt.unit); got != tt.want {
			t.Errorf("%v %s: %q, want %q", tt.v, tt.unit, got, tt.want)
		}
	}
}
