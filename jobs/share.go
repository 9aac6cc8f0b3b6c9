//go:build share

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// main writes the manual, made from the commands, into a folder like /usr/share: share DIR SECONDS,
// where SECONDS since 1970 is the date of the manual.
func main() {
	if err := share(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "share:", err)
		os.Exit(1)
	}
}

func share(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: share DIR SECONDS")
	}
	seconds, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return err
	}
	dir := filepath.Join(args[0], "man", "man1")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	root := command()
	for _, c := range append(root.Commands(), root) {
		page := manPage(c, time.Unix(seconds, 0).UTC())
		if err := os.WriteFile(filepath.Join(dir, page.Name+".1"), page.Format(), 0o666); err != nil {
			return err
		}
	}
	return nil
}
