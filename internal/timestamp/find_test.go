package timestamp

import (
	"strings"
	"testing"
	"time"
)

func moment(text string) int64 {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t.UnixNano()
}

// The forms of logs in the wild.
var forms = []struct {
	line string
	kind Kind
	want string // "": no time
}{
	{"2024-03-05T06:07:08Z start", Zoned, "2024-03-05T06:07:08Z"},
	{"2024-03-05T06:07:08.123456789+02:00 start", Zoned, "2024-03-05T04:07:08.123456789Z"},
	{"[2024-03-05T06:07:08-0730] start", Zoned, "2024-03-05T13:37:08Z"},
	{"2024-03-05 06:07:08,123 INFO main", Wall, "2024-03-05T06:07:08.123Z"},
	{"2024-03-05 06:07:08.5 UTC [17] LOG:  ready", Zoned, "2024-03-05T06:07:08.5Z"},
	{"2024-03-05 06:07:08.5+00 LOG", Zoned, "2024-03-05T06:07:08.5Z"},
	{"2024-03-05 06:07:08 CET [17]", Wall, "2024-03-05T06:07:08Z"},
	{"2024-03-05 06:07:08 +0100 commit", Zoned, "2024-03-05T05:07:08Z"},
	{"2024-03-05 06:07 backup", Wall, "2024-03-05T06:07:00Z"},
	{"2024/03/05 06:07:08 [error] 31#31: *1 open() failed", Wall, "2024-03-05T06:07:08Z"},
	{"nova.log.1 2024-03-05 06:07:08.008 25746 INFO", Wall, "2024-03-05T06:07:08.008Z"},
	{"- 1117838570 2005.06.03 R02-M1-N0 2005-06-03-15.42.50.675872 R02", Wall, "2005-06-03T15:42:50.675872Z"},
	{"240305 060708 143 INFO dfs.DataNode", Wall, "2024-03-05T06:07:08Z"},
	{"240305  6:07:08 [Note] mysqld", Wall, "2024-03-05T06:07:08Z"},
	{"24/03/05 06:07:08 INFO executor", Wall, "2024-03-05T06:07:08Z"},
	{"20240305-6:07:08:606|Step_LSC|30002312", Wall, "2024-03-05T06:07:08.606Z"},
	{"20240305T060708Z x", Zoned, "2024-03-05T06:07:08Z"},
	{"20240305060708 x", Wall, "2024-03-05T06:07:08Z"},
	{`10.1.2.3 - bob [05/Mar/2024:06:07:08 -0700] "GET / HTTP/1.1" 200 5`, Zoned, "2024-03-05T13:07:08Z"},
	{"05-Mar-2024 06:07:08.123 queries: info", Wall, "2024-03-05T06:07:08.123Z"},
	{"Date: Tue, 05 Mar 2024 06:07:08 +0000", Zoned, "2024-03-05T06:07:08Z"},
	{"03/05/2024 06:07:08 PM Event 7", Wall, "2024-03-05T18:07:08Z"},
	{"3/5/2024, 12:07:08 AM Event 7", Wall, "2024-03-05T00:07:08Z"},
	{"25/12/2024 06:07:08 x", Wall, "2024-12-25T06:07:08Z"},
	{"05.03.2024 06:07:08 Dienst", Wall, "2024-03-05T06:07:08Z"},
	{"2024-03-05 06:07:08, Info                  CBS", Wall, "2024-03-05T06:07:08Z"},
	{"Mar  5 06:07:08 host sshd[1]: x", Yearless, "2000-03-05T06:07:08Z"},
	{"<13>Feb 29 06:07:08 host x", Yearless, "2000-02-29T06:07:08Z"},
	{"Mar 5 2024 06:07:08 host x", Wall, "2024-03-05T06:07:08Z"},
	{"[Tue Mar 05 06:07:08 2024] [error] x", Wall, "2024-03-05T06:07:08Z"},
	{"Tue Mar  5 06:07:08 UTC 2024", Zoned, "2024-03-05T06:07:08Z"},
	{"[Tue Mar 05 06:07:08.123456 2024] [core:error]", Wall, "2024-03-05T06:07:08.123456Z"},
	{"I0305 06:07:08.123456       1 main.go:7] x", Yearless, "2000-03-05T06:07:08.123456Z"},
	{"03-05 06:07:08.811  1702  2395 D WindowManager: x", Yearless, "2000-03-05T06:07:08.811Z"},
	{"1709618828 x", Zoned, "2024-03-05T06:07:08Z"},
	{"1709618828.603    120 10.0.0.153 TCP_MISS/200", Zoned, "2024-03-05T06:07:08.603Z"},
	{"[1709618828123] x", Zoned, "2024-03-05T06:07:08.123Z"},
	{"1709618828123456 x", Zoned, "2024-03-05T06:07:08.123456Z"},
	{"1709618828123456789 x", Zoned, "2024-03-05T06:07:08.123456789Z"},
	{"level=info ts=1709618828.5 msg=x", Zoned, "2024-03-05T06:07:08.5Z"},
	{"time=\"2024-03-05T06:07:08Z\" level=info", Zoned, "2024-03-05T06:07:08Z"},
	{`{"level":"info","ts":1709618828.25,"msg":"x"}`, Zoned, "2024-03-05T06:07:08.25Z"},
	{`{"time":"2024-03-05T06:07:08.1Z","msg":"at 2020-01-01 00:00:00"}`, Zoned, "2024-03-05T06:07:08.1Z"},
	{`{"msg":"at 2020-01-01 00:00:00","@timestamp":"2024-03-05T06:07:08Z"}`, Zoned, "2024-03-05T06:07:08Z"},
	{`{"__MONOTONIC_TIMESTAMP":"12345","__REALTIME_TIMESTAMP":"1709618828123456"}`, Zoned, "2024-03-05T06:07:08.123456Z"},
	{`{"date": "2024-03-05 06:07:08"}`, Wall, "2024-03-05T06:07:08Z"},
	{`{"msg":"no field, 2024-03-05 06:07:08"}`, Wall, "2024-03-05T06:07:08Z"},
	{"12:2024-03-05 06:07:08 of grep -n", Wall, "2024-03-05T06:07:08Z"},

	{"", 0, ""},
	{"no time in this line", 0, ""},
	{"call 1709618828 times", 0, ""},
	{"May I 12 times?", 0, ""},
	{"v2024-03-05 06:07:08 is a word", 0, ""},
	{"10.2024-03-05 06:07:08 goes on from a number", 0, ""},
	{"2024-13-05 06:07:08 is no month", 0, ""},
	{"2023-02-29 06:07:08 is no day", 0, ""},
	{"2024-03-05 24:07:08 is no hour", 0, ""},
	{"2024-03-05 alone", 0, ""},
	{"1024-03-05 06:07:08 is long ago", 0, ""},
	{"1709618828x", 0, ""},
	{"I03055 06:07:08.1 x", 0, ""},
	{strings.Repeat("x ", 200) + "2024-03-05 06:07:08 is far", 0, ""},
}

func TestFind(t *testing.T) {
	f := new(Finder)
	for _, tt := range forms {
		s, ok := f.Find([]byte(tt.line))
		if ok != (tt.want != "") || ok && (s.Kind != tt.kind || s.Nanos != moment(tt.want)) {
			t.Errorf("%q: kind %d, %v, %t; want %d, %s", tt.line, s.Kind, time.Unix(0, s.Nanos).UTC(), ok, tt.kind, tt.want)
		}
	}
}

// Times at every day are what package time says.
func TestDays(t *testing.T) {
	for at := time.Date(1970, 1, 1, 23, 59, 59, 0, time.UTC); at.Year() < 2200; at = at.AddDate(0, 0, 1) {
		s, ok := new(Finder).Find([]byte(at.Format(time.RFC3339)))
		if !ok || s != (Stamp{Zoned, at.UnixNano()}) {
			t.Fatalf("%v: %v, %t", at, s, ok)
		}
	}
}

func TestLayout(t *testing.T) {
	for _, tt := range []struct {
		format, line string
		kind         Kind
		want         string
	}{
		{"%d.%m.%y um %H Uhr %M", "am 05.03.24 um 6 Uhr 07", Wall, "2024-03-05T06:07:00Z"},
		{"%b %e, %Y %I:%M:%S %p", "at March 5, 2024 06:07:08 PM", Wall, "2024-03-05T18:07:08Z"},
		{"%b %e, %Y %I:%M:%S %p", "at Mar  5, 2024 12:07:08 am", Wall, "2024-03-05T00:07:08Z"},
		{"%F|%T.%f%z", "x 2024-03-05|06:07:08.25+0100", Zoned, "2024-03-05T05:07:08.25Z"},
		{"%m%d:%H%M%S", "0305:060708", Yearless, "2000-03-05T06:07:08Z"},
		{"t=%s.%f", "x t=1709618828.5", Zoned, "2024-03-05T06:07:08.5Z"},
		{"ms %L", "ms 1709618828123", Zoned, "2024-03-05T06:07:08.123Z"},
		{"100%% %F %H", "100% 2024-03-05 06", Wall, "2024-03-05T06:00:00Z"},
		{"%F %H", "2024-03-05T06:07:08Z", 0, ""},
		{"%I %p %F", "13 PM 2024-03-05", 0, ""},
		{"%s", "99999999999999", 0, ""},
	} {
		f, err := NewFinder(tt.format)
		if err != nil {
			t.Fatal(err)
		}
		s, ok := f.Find([]byte(tt.line))
		if ok != (tt.want != "") || ok && (s.Kind != tt.kind || s.Nanos != moment(tt.want)) {
			t.Errorf("%q of %q: kind %d, %v, %t; want %d, %s", tt.format, tt.line, s.Kind, time.Unix(0, s.Nanos).UTC(), ok, tt.kind, tt.want)
		}
	}
	for _, format := range []string{"%", "%Q", "%H:%M", "%F", "text"} {
		if _, err := NewFinder(format); err == nil {
			t.Errorf("%q is taken for a format", format)
		}
	}
}

func TestSpan(t *testing.T) {
	berlin := time.FixedZone("", 2*3600)
	written := time.Date(2025, 1, 10, 0, 0, 0, 0, time.UTC)
	s := NewSpan(time.Date(2024, 12, 30, 12, 0, 0, 0, berlin), time.Date(2025, 1, 2, 12, 0, 0, 0, berlin), written)
	for line, want := range map[string]bool{
		"2024-12-30T10:00:00Z x":      true,
		"2024-12-30T09:59:59Z x":      false,
		"2024-12-30 12:00:00 x":       true,
		"2024-12-30 11:59:59 x":       false,
		"2025-01-02T09:59:59.999Z x":  true,
		"2025-01-02T10:00:00Z x":      false,
		"2025-01-02 11:59:59 x":       true,
		"2025-01-02 12:00:00 x":       false,
		"Dec 31 00:00:00 x":           true, // of 2024
		"Jan  2 11:59:59 x":           true,
		"Jan  2 12:00:00 x":           false,
		"Jan 12 00:00:00 x":           false, // of 2024, since it would be too late
		"Dec 30 11:00:00 x":           false,
		"2024-12-31T12:00:00+05:00 x": true,
	} {
		stamp, ok := new(Finder).Find([]byte(line))
		if got := s.Contains(stamp); !ok || got != want {
			t.Errorf("%q: %t, want %t", line, got, want)
		}
	}
	// A day that the year does not have is the end of the one before.
	leap := NewSpan(time.Date(2025, 2, 28, 23, 0, 0, 0, time.UTC), time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC))
	if stamp, _ := new(Finder).Find([]byte("Feb 29 10:00:00 x")); !leap.Contains(stamp) {
		t.Error("29 February")
	}
}

func FuzzFind(f *testing.F) {
	for _, tt := range forms {
		f.Add(tt.line, "")
	}
	f.Add("2024-03-05|06:07:08.25+0100", "%F|%T.%f%z")
	f.Fuzz(func(t *testing.T, line, format string) {
		finder, err := NewFinder(format)
		if err != nil {
			return
		}
		s, ok := finder.Find([]byte(line))
		if !ok {
			return
		}
		year := time.Unix(s.Nanos/Second, 0).UTC().Year()
		if s.Kind >= Kinds || year < firstYear-1 || year > lastYear+1 || s.Kind == Yearless && year != leapYear && year != leapYear+1 {
			t.Errorf("%q: %+v", line, s)
		}
		if again, ok := finder.Find([]byte(line + "\x00 more")); line != "" && len(line) < 100 && (!ok || again != s) {
			t.Errorf("%q: %+v, and %+v with more behind it", line, s, again)
		}
	})
}

// The beginning of a chunk in the middle of a line loses no time.
func TestRangeOfParts(t *testing.T) {
	var text strings.Builder
	for _, tt := range forms {
		text.WriteString(tt.line + "\n")
	}
	all := []byte(text.String())
	f := new(Finder)
	whole := f.Of(nil, all)
	for cut := 1; cut < len(all); cut++ {
		a, b := all[:cut], all[cut:]
		r, s := f.Of(nil, a), f.Of(Begun(nil, a), b)
		for k := range Kinds {
			first, last := r.First[k], r.Last[k]
			if s.Has[k] && (!r.Has[k] || s.First[k] < first) {
				first = s.First[k]
			}
			if s.Has[k] && (!r.Has[k] || s.Last[k] > last) {
				last = s.Last[k]
			}
			if (r.Has[k] || s.Has[k]) != whole.Has[k] && whole.Has[k] || first > whole.First[k] || last < whole.Last[k] {
				t.Fatalf("cut at %d, kind %d: %d to %d, want at least %d to %d", cut, k, first, last, whole.First[k], whole.Last[k])
			}
		}
		if s.Starts && a[cut-1] != '\n' {
			t.Fatalf("cut at %d: starts in the middle of a line", cut)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	for name, line := range map[string]string{
		"iso":    "2024-03-05 06:07:08,123 INFO org.apache.hadoop.mapred.Task: Task done and more of the text of a line of a log",
		"apache": `10.1.2.3 - bob [05/Mar/2024:06:07:08 -0700] "GET /some/path/of/a/site HTTP/1.1" 200 5123 "-" "Mozilla/5.0 (X11; Linux)"`,
		"syslog": "Mar  5 06:07:08 host sshd[1]: Failed password for root from 10.1.2.3 port 22 ssh2 and so on",
		"json":   `{"level":"info","caller":"x/y.go:12","msg":"something was done","ts":1709618828.25}`,
		"none":   "    at org.eclipse.jetty.server.Server.handle(Server.java:534) and then some more text follows here",
	} {
		b.Run(name, func(b *testing.B) {
			f := new(Finder)
			text := []byte(line)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				f.Find(text)
			}
		})
	}
}
