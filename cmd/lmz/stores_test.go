//go:build cloud

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lmz-go/lmz/internal/s3test"
)

// TestStores runs commands on objects of a real server of S3, and counts their requests.
func TestStores(t *testing.T) {
	s3 := s3test.Start(t, "logs")
	var proxy *s3test.Proxy
	var before map[string]int64
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "stores"),
		Setup: func(env *testscript.Env) error {
			proxy = s3test.NewProxy(t, s3, 1)
			before = map[string]int64{}
			for k, v := range s3test.Environment() {
				env.Setenv(k, v)
			}
			env.Setenv("HOME", env.WorkDir)
			repo, err := filepath.Abs("../..")
			if err != nil {
				return err
			}
			env.Setenv("REPO", repo)
			env.Setenv("S3", "s3://logs")
			env.Setenv("Q", strings.TrimPrefix(s3test.URL(proxy.Address, "logs", ""), "s3://logs/"))
			return os.WriteFile(filepath.Join(env.WorkDir, "large.log"), ids(400_000), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// atmost N METHOD fails if there were more requests of the method since it was asked last.
			"atmost": func(ts *testscript.TestScript, _ bool, args []string) {
				most, err := strconv.ParseInt(args[0], 10, 64)
				ts.Check(err)
				now := proxy.Requests()
				n := now[args[1]] - before[args[1]]
				before = now
				ts.Logf("%d requests %s", n, args[1])
				if n > most {
					ts.Fatalf("%d requests %s, want at most %d", n, args[1], most)
				}
			},
		},
	})
}

// ids gives lines of which each has a number and a random one.
func ids(n int) []byte {
	r := rand.New(rand.NewPCG(5, 6))
	var text []byte
	for i := range n {
		text = fmt.Appendf(text, "line %d request=%016x done\n", i, r.Uint64())
	}
	return text
}
