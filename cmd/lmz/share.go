//go:build share

package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/internal/manual"
)

// What file(1) and desktops know archives by.
var (
	//go:embed share/lmz.magic
	fileMagic []byte
	//go:embed share/lmz.xml
	mimeType []byte
)

// main writes what is installed beside the program, made from its commands, into a folder like
// /usr/share: share DIR SECONDS, where SECONDS since 1970 is the date of the manual.
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
	root := newRootCommand(newApp(nil))
	root.InitDefaultHelpCmd()
	files := map[string][]byte{"lmz/magic": fileMagic, "mime/packages/lmz.xml": mimeType}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"bash-completion/completions/lmz":    func(b *bytes.Buffer) error { return root.GenBashCompletionV2(b, true) },
		"zsh/site-functions/_lmz":            func(b *bytes.Buffer) error { return root.GenZshCompletion(b) },
		"fish/vendor_completions.d/lmz.fish": func(b *bytes.Buffer) error { return root.GenFishCompletion(b, true) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return err
		}
		files[name] = b.Bytes()
	}
	addPages(files, root, time.Unix(seconds, 0).UTC())
	for _, name := range []string{"unlmz", "lmzcat"} {
		files["man/man1/"+name+".1"] = []byte(".so man1/lmz.1\n")
	}
	files["man/man1/lmzgrep.1"] = []byte(".so man1/lmz-grep.1\n")
	for name, data := range files {
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

func addPages(files map[string][]byte, cmd *cobra.Command, date time.Time) {
	files["man/man1/"+manual.Name(cmd.CommandPath())+".1"] = manPage(cmd, date)
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() && c.Name() != "completion" && c.Name() != "job" { // job has its own
			addPages(files, c, date)
		}
	}
}
