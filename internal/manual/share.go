package manual

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Share is the main function of what writes files into a folder like /usr/share: share DIR SECONDS,
// where SECONDS since 1970 is the date of the manual. The files are named below the folder.
func Share(files func(date time.Time) (map[string][]byte, error)) {
	if err := share(os.Args[1:], files); err != nil {
		fmt.Fprintln(os.Stderr, "share:", err)
		os.Exit(1)
	}
}

func share(args []string, files func(date time.Time) (map[string][]byte, error)) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: share DIR SECONDS")
	}
	seconds, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return err
	}
	all, err := files(time.Unix(seconds, 0).UTC())
	if err != nil {
		return err
	}
	for name, data := range all {
		path := filepath.Join(args[0], filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			return err
		}
	}
	return nil
}
