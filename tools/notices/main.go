// Command notices writes the licences of all that is in programs to a file.
//
//	notices FILE PROGRAM...
package main

import (
	"fmt"
	"os"

	"github.com/lmz-go/lmz/tools/internal/notices"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: notices FILE PROGRAM...")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

func write(file string, programs []string) error {
	all, err := notices.Of(programs)
	if err != nil {
		return err
	}
	text, err := notices.Text(".", all)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}
