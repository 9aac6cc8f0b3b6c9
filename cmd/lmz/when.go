package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/timestamp"
	"github.com/lmz-go/lmz/stream"
)

// when is what flags say about the time of lines.
type when struct {
	since, until, around string
	within               time.Duration
	zone, format         string

	span *stream.TimeSpan // nil: no flag is given
}

// timesHelp is what commands say about these flags.
const timesHelp = `A TIME is written as in a log, 2024-03-05T06:07:08Z, "2024-03-05 06:07:08",
"Mar  5 06:07:08", or in part, 2024-03-05 or 06:07, which is today's; or it is
relative to now: "2h ago", 90m, "3 days ago", yesterday. Without a zone of its
own it is in --time-zone, and so are those of the log. Lines of a log that tell
no year are of the last year that makes them no newer than the archive's file.
Lines without a time have that of the line in front of them.`

func (w *when) addFlags(f *pflag.FlagSet) {
	f.StringVar(&w.since, "since", "", "only lines of this `TIME` or later; chunks of other times are not decompressed")
	f.StringVar(&w.until, "until", "", "only lines before this `TIME`")
	f.StringVar(&w.around, "around", "", "only lines around this `TIME`")
	f.DurationVar(&w.within, "within", 5*time.Minute, "with --around: up to this `DURATION` from it")
	f.StringVar(&w.zone, "time-zone", "local", "the `ZONE` of times that tell none: local, UTC, such as Europe/Berlin, or such as +02:00")
	f.StringVar(&w.format, "time-format", "", "the `FORMAT` of times in lines, as strftime has it (default the one that the archive was written with, or the usual ones)")
}

// resolve finds out what the flags mean.
func (w *when) resolve(now time.Time) error {
	zone, err := parseZone(w.zone)
	if err != nil {
		return err
	}
	if w.since == "" && w.until == "" && w.around == "" {
		if w.format != "" {
			return ui.Usage("--time-format without --since, --until or --around", "")
		}
		return nil
	}
	if w.around != "" && (w.since != "" || w.until != "") {
		return ui.Usage("--around excludes --since and --until", "")
	}
	if _, err := timestamp.NewFinder(w.format); err != nil {
		return ui.Usage("--time-format: "+err.Error(), "")
	}
	w.span = &stream.TimeSpan{Format: w.format}
	now = now.In(zone)
	for _, t := range []struct {
		flag, text string
		to         *time.Time
	}{{"since", w.since, &w.span.Since}, {"until", w.until, &w.span.Until}, {"around", w.around, &w.span.Since}} {
		if t.text == "" {
			continue
		}
		at, ok := parseTime(t.text, now)
		if !ok {
			return ui.Usage(fmt.Sprintf("--%s %q is no time", t.flag, t.text), `want such as 2024-03-05T06:07:08Z, "2024-03-05 06:07", 06:07 or "2h ago"`)
		}
		*t.to = at
	}
	if w.around != "" {
		at := w.span.Since
		w.span.Since, w.span.Until = at.Add(-w.within), at.Add(w.within)
	}
	if !w.span.Until.IsZero() && w.span.Until.Before(w.span.Since) {
		return ui.Usage(fmt.Sprintf("the time ends (%s) before it begins (%s)", w.span.Until.Format(time.RFC3339), w.span.Since.Format(time.RFC3339)), "")
	}
	return nil
}

// of is the span for one archive.
func (w *when) of(src *file.Source) *stream.TimeSpan {
	if w.span == nil {
		return nil
	}
	span := *w.span
	span.Written = src.Info.ModTime().In(time.UTC)
	return &span
}

// parseZone knows names of zones and offsets.
func parseZone(name string) (*time.Location, error) {
	if strings.EqualFold(name, "local") {
		return time.Local, nil
	}
	if t, err := time.Parse("-07:00", name); err == nil {
		_, offset := t.Zone()
		return time.FixedZone(name, offset), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" {
		return nil, ui.Usage(fmt.Sprintf("--time-zone %q is not known", name), "want local, UTC, a name such as Europe/Berlin, or an offset such as +02:00")
	}
	return zone, nil
}

// dates are a day, or a time of one, of any year: those of logs are from 1970 on, up to 2199.
var dates = []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05"}

// relative finds times before now; it is made when it is needed, not whenever lmz starts.
var relative = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^-?(\d+) ?(s|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)( ago)?$`)
})

// parseTime reads what a user calls a time, in the zone of now.
func parseTime(text string, now time.Time) (time.Time, bool) {
	year, month, day := now.Date()
	midnight := time.Date(year, month, day, 0, 0, 0, 0, now.Location())
	switch text {
	case "now":
		return now, true
	case "today":
		return midnight, true
	case "yesterday":
		return midnight.AddDate(0, 0, -1), true
	}
	if m := relative().FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil || n > 1e6 {
			return now, false
		}
		switch m[2][0] {
		case 'd':
			return now.AddDate(0, 0, -n), true
		case 'w':
			return now.AddDate(0, 0, -7*n), true
		}
		unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour}[m[2][0]]
		return now.Add(-time.Duration(n) * unit), true
	}
	if d, err := time.ParseDuration(strings.TrimSuffix(text, " ago")); err == nil { // 1h30m
		return now.Add(-d.Abs()), true
	}
	for _, layout := range []string{"15:04", time.TimeOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return time.Date(year, month, day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), now.Location()), true
		}
	}
	for _, layout := range dates {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, true
		}
	}
	s, ok := new(timestamp.Finder).Find([]byte(strings.TrimPrefix(text, "@")))
	if !ok {
		return now, false
	}
	t := time.Unix(0, s.Nanos).UTC()
	if s.Kind == timestamp.Zoned {
		return t.In(now.Location()), true
	}
	if s.Kind == timestamp.Wall {
		year = t.Year()
	}
	t = time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), now.Location())
	if s.Kind == timestamp.Yearless && t.After(now.AddDate(0, 0, 1)) {
		t = t.AddDate(-1, 0, 0)
	}
	return t, true
}
