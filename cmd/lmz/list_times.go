package main

import (
	"strings"
	"time"

	"github.com/lmz-go/lmz/internal/timestamp"
)

// timesListing is the first and the last time of lines, of one kind.
type timesListing struct {
	Zone  string `json:"zone"` // "UTC", "unknown" or, without a year as well, "unknown year"
	First string `json:"first"`
	Last  string `json:"last"`

	kind        int
	first, last int64 // seconds
}

// zones are what is known of each kind of time, and how it is written.
var zones = [timestamp.Kinds]struct{ name, layout string }{
	timestamp.Zoned:    {"UTC", "2006-01-02T15:04:05Z"},
	timestamp.Wall:     {"unknown", "2006-01-02T15:04:05"},
	timestamp.Yearless: {"unknown year", "--01-02T15:04:05"}, // as vCard has dates without a year
}

// listTimes adds the times of a chunk.
func listTimes(list []timesListing, r *timestamp.Range) []timesListing {
	for k, has := range r.Has {
		if !has {
			continue
		}
		i := 0
		for i < len(list) && list[i].kind != k {
			i++
		}
		if i == len(list) {
			list = append(list, timesListing{Zone: zones[k].name, kind: k, first: r.First[k], last: r.Last[k]})
		}
		t := &list[i]
		t.first, t.last = min(t.first, r.First[k]), max(t.last, r.Last[k])
		t.First = time.Unix(t.first, 0).UTC().Format(zones[k].layout)
		t.Last = time.Unix(t.last, 0).UTC().Format(zones[k].layout)
	}
	return list
}

func timesText(list []timesListing) string {
	var text []string
	for _, t := range list {
		text = append(text, t.First+" to "+t.Last)
	}
	if len(text) == 0 {
		return "-"
	}
	return strings.Join(text, ", ")
}
