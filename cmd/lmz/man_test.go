package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/internal/manual"
)

// Pages hold what help says, and the program man has nothing to complain of.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		page := string(manPage(cmd, time.Unix(1_700_000_000, 0).UTC()))
		name := manual.Name(cmd.CommandPath())
		for _, want := range []string{".TH " + manual.Escape(strings.ToUpper(name)) + " 1 2023-11-14 ", manual.Escape(cmd.Short), ".SH OPTIONS\n.TP\n"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: no %q", name, want)
			}
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if has := strings.Contains(page, "\\fB\\-\\-"+manual.Escape(f.Name)+"\\fR"); has == f.Hidden {
				t.Errorf("%s: --%s: %v", name, f.Name, has)
			}
		})
		file := filepath.Join(dir, name+".1")
		if err := os.WriteFile(file, []byte(page), 0o666); err != nil {
			t.Fatal(err)
		}
		if groff, err := exec.LookPath("groff"); err == nil {
			out, err := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z", file).CombinedOutput()
			if err != nil || len(out) > 0 {
				t.Errorf("%s: %v: %s", name, err, out)
			}
		}
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				check(c)
			}
		}
	}
	check(newRootCommand(newApp(nil)))
}
