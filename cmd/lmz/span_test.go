package main

import "testing"

func TestSpan(t *testing.T) {
	type result struct {
		first, end int64
		all        bool
	}
	for _, tt := range []struct {
		unit unit
		text string
		n    int64
		want *result // nil: refused
	}{
		{bytesOfRange, "0:4", 10, &result{0, 4, true}},
		{bytesOfRange, "4:4", 10, &result{4, 4, true}},
		{bytesOfRange, "4:10", 10, &result{4, 10, true}},
		{bytesOfRange, "4:11", 10, &result{4, 10, false}},
		{bytesOfRange, "4:", 10, &result{4, 10, false}},
		{bytesOfRange, ":4", 10, &result{0, 4, true}},
		{bytesOfRange, ":", 10, &result{0, 10, false}},
		{bytesOfRange, "-4:", 10, &result{6, 10, false}},
		{bytesOfRange, "-14:", 10, &result{0, 10, false}},
		{bytesOfRange, ":-4", 10, &result{0, 6, false}},
		{bytesOfRange, "-4:-1", 10, &result{6, 9, false}},
		{bytesOfRange, "2:-4", 10, &result{2, 6, false}},
		{bytesOfRange, "8:-4", 10, &result{8, 8, false}},
		{bytesOfRange, "20:30", 10, &result{10, 10, false}},
		{bytesOfRange, "4", 10, nil},
		{bytesOfRange, "4:2", 10, nil},
		{bytesOfRange, "-2:-4", 10, nil},
		{bytesOfRange, "a:b", 10, nil},
		{bytesOfRange, "1:2:3", 10, nil},
		{bytesOfRange, "1:99999999999999999999", 10, nil},
		{bytesOfRange, "", 10, nil},
		{linesOfRange, "1:4", 10, &result{0, 4, true}},
		{linesOfRange, "4:4", 10, &result{3, 4, true}},
		{linesOfRange, "4", 10, &result{3, 4, true}},
		{linesOfRange, "-1", 10, &result{9, 10, false}},
		{linesOfRange, "9:12", 10, &result{8, 10, false}},
		{linesOfRange, "11:12", 10, &result{10, 10, false}},
		{linesOfRange, "12:", 10, &result{10, 10, false}},
		{linesOfRange, "-3:", 10, &result{7, 10, false}},
		{linesOfRange, "-3:-2", 10, &result{7, 9, false}},
		{linesOfRange, ":-3", 10, &result{0, 8, false}},
		{linesOfRange, ":-30", 10, &result{0, 0, false}},
		{linesOfRange, ":3", 10, &result{0, 3, true}},
		{linesOfRange, "0:3", 10, nil},
		{linesOfRange, "1:0", 10, nil},
		{linesOfRange, "", 10, nil},
	} {
		s := span{unit: tt.unit}
		if err := s.Set(tt.text); (err == nil) != (tt.want != nil) {
			t.Errorf("%s of %q: %v", tt.unit, tt.text, err)
			continue
		}
		if tt.want == nil {
			continue
		}
		first, end, all := s.resolve(tt.n)
		if got := (result{first, end, all}); got != *tt.want {
			t.Errorf("%q of %d: %v, want %v", tt.text, tt.n, got, *tt.want)
		}
	}
}
