package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/lmz-go/lmz/internal/manual"
)

// Pages hold what help says, under the names that lmz's own pages have.
func TestManPages(t *testing.T) {
	root := command()
	for _, c := range append(root.Commands(), root) {
		page := manPage(c, time.Unix(1_700_000_000, 0).UTC())
		if want := strings.TrimSuffix("lmz-job-"+c.Name(), "-lmz-job"); page.Name != want || !strings.HasPrefix(page.Use, "lmz job") {
			t.Errorf("%s, called as %q, want %s", page.Name, page.Use, want)
		}
		text := string(page.Format())
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if has := strings.Contains(text, "\\fB\\-\\-"+manual.Escape(f.Name)+"\\fR"); has == f.Hidden {
				t.Errorf("%s: --%s: %v", page.Name, f.Name, has)
			}
		})
	}
}

func TestCompletion(t *testing.T) {
	for args, want := range map[string]string{
		"run|": ":16\n", "run|--source|": "keep\ntag\ndelete\n:4\n", "plan|--levels|": "0\n1\n", "status|": ":4\n", "run|--db|": ":0\n",
	} {
		root := command()
		var b bytes.Buffer
		root.SetOut(&b)
		root.SetArgs(append([]string{"__complete"}, strings.Split(args, "|")...))
		if err := root.Execute(); err != nil || !strings.HasPrefix(b.String(), want) {
			t.Errorf("%s: %q, %v, want %q", args, &b, err, want)
		}
	}
}
