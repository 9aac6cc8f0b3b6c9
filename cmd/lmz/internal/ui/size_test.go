package ui

import "testing"

func TestByteSize(t *testing.T) {
	for text, want := range map[string]ByteSize{
		"0": 0, "4096": 4096, "1k": 1024, "64KiB": 65536, "2M": 2 << 20, "3 GiB": 3 << 30, "1GB": 1 << 30, "7b": 7, "8191T": 8191 << 40,
	} {
		var got ByteSize
		if err := got.Set(text); err != nil || got != want {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
		var again ByteSize
		if err := again.Set(got.String()); err != nil || again != got {
			t.Errorf("%q prints as %q, which is %d, %v", text, got.String(), again, err)
		}
	}
	for _, text := range []string{"", "k", "-1", "1.5M", "1X", "0x10", "1kk", "9999999999G", "99999999999999999999", "1iB", "1Ki B"} {
		var got ByteSize
		if err := got.Set(text); err == nil {
			t.Errorf("%q was taken as %d", text, got)
		}
	}
}

func TestFormat(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.00 KiB", 10240: "10.0 KiB", 1023 << 10: "1023 KiB", 1<<20 - 1: "1.00 MiB", 1 << 62: "4096 PiB",
	} {
		if got := FormatBytes(n); got != want {
			t.Errorf("%d bytes: %q, want %q", n, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1.0 k", 4907264: "4.9 M", 12_345_678: "12 M", 7e9: "7.0 G"} {
		if got := FormatCount(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if got := FormatRatio(10, 0); got != "-" {
		t.Errorf("%q", got)
	}
	if got := Shorten("日本語の長い名前", 4); got != "日本語…" {
		t.Errorf("%q", got)
	}
}
