//go:build unix

package file

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

func blocksOf(t *testing.T, name string) int64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		t.Fatal(err)
	}
	return st.Blocks
}

// A source that is not what it was when it was opened is kept.
func TestRemove(t *testing.T) {
	for what, tt := range map[string]struct {
		harm func(name string) error
		kept bool
	}{
		"nothing":    {func(string) error { return nil }, false},
		"written to": {func(name string) error { return os.WriteFile(name, []byte("new!"), 0o666) }, true},
		"written to, mtime put back": {func(name string) error {
			info, err := os.Stat(name)
			return errors.Join(err, os.WriteFile(name, []byte("new!"), 0o666), os.Chtimes(name, info.ModTime(), info.ModTime()))
		}, true},
		"other file": {func(name string) error {
			return errors.Join(os.WriteFile(name+"2", []byte("text"), 0o666), os.Rename(name+"2", name))
		}, true},
		"link to it": {func(name string) error { return errors.Join(os.Rename(name, name+"2"), os.Symlink(name+"2", name)) }, true},
	} {
		t.Run(what, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "a.log")
			writeFile(t, name, "text")
			src, err := Open(name, false)
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			// A kernel's clock for times of files may tick only every few milliseconds.
			time.Sleep(20 * time.Millisecond)
			if err := tt.harm(name); err != nil {
				t.Fatal(err)
			}
			var skip *ui.SkipError
			if err := src.Remove(); tt.kept != errors.As(err, &skip) || !tt.kept && err != nil {
				t.Errorf("%v", err)
			}
			if _, err := os.Lstat(name); (err == nil) != tt.kept {
				t.Errorf("%v", err)
			}
		})
	}
}

// A source ends where it ended when it was opened.
func TestSnapshot(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.log")
	for what, tt := range map[string]struct {
		harm          func() error
		want, changed string
	}{
		"nothing": {func() error { return nil }, "0123456789", ""},
		"grows": {func() error {
			f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				_, err = f.WriteString("more")
				f.Close()
			}
			return err
		}, "0123456789", "it has grown"},
		"shrinks": {func() error { return os.Truncate(name, 7) }, "0123456", "it was cut off"},
	} {
		writeFile(t, name, "0123456789")
		src, err := Open(name, false)
		if err != nil {
			t.Fatal(err)
		}
		r := src.Snapshot()
		head := make([]byte, 4)
		if _, err := io.ReadFull(r, head); err != nil {
			t.Fatal(err)
		}
		if err := tt.harm(); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(r)
		if got := string(head) + string(rest); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v", what, got, err)
		}
		if got := r.Changed(); !strings.HasPrefix(got, tt.changed) || tt.changed == "" && got != "" {
			t.Errorf("%s: %q", what, got)
		}
		src.Close()
	}
	// Files of /proc have no bytes before they are read.
	if want, err := os.ReadFile("/proc/self/cmdline"); err == nil {
		src, err := Open("/proc/self/cmdline", false)
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		r := src.Snapshot()
		if got, err := io.ReadAll(r); err != nil || string(got) != string(want) || r.Changed() != "" {
			t.Errorf("%q, %v, %q", got, err, r.Changed())
		}
	}
}

// Both times are kept to the nanosecond, and beyond what 64 bits of nanoseconds hold, and so is the
// mode.
func TestAttributes(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for _, seconds := range []int64{-1e9, 1234567890, 10413792000 /* 2300-01-01 */} {
		writeFile(t, from, "text")
		times := []unix.Timespec{{Nsec: 123456789}, {Nsec: 987654321}}
		setSeconds(&times[0], seconds-1000)
		setSeconds(&times[1], seconds)
		if err := errors.Join(os.Chmod(from, 0o604), unix.UtimesNanoAt(unix.AT_FDCWD, from, times, 0)); err != nil {
			t.Skipf("no such time here: %v", err)
		}
		var want, got unix.Stat_t
		if err := unix.Stat(from, &want); err != nil {
			t.Fatal(err)
		}
		src, err := Open(from, false)
		if err != nil {
			t.Fatal(err)
		}
		io.ReadAll(src)
		out, err := new(Set).Create(to, src, Manner{Force: true})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(out, "text")
		if err := out.Commit(src); err != nil {
			t.Fatal(err)
		}
		out.Discard()
		src.Close()
		if err := unix.Stat(to, &got); err != nil {
			t.Fatal(err)
		}
		if got.Atim != want.Atim || got.Mtim != want.Mtim || got.Mode != want.Mode {
			t.Errorf("times %v %v, mode %o; want %v %v, %o", got.Atim, got.Mtim, got.Mode, want.Atim, want.Mtim, want.Mode)
		}
	}
}

func setSeconds(ts *unix.Timespec, seconds int64) {
	*ts = unix.Timespec{Nsec: ts.Nsec}
	sec, _ := unix.TimeToTimespec(time.Unix(seconds, 0))
	ts.Sec = sec.Sec
}
