//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres is a server of its own, which can be killed and started anew.
type postgres struct {
	t     *testing.T
	url   string
	path  string
	dir   string
	port  int
	cmd   *exec.Cmd
	ended chan struct{}
	log   bytes.Buffer
}

// startPostgres starts a server on loopback, or skips the test where none is installed.
func startPostgres(t *testing.T) *postgres {
	t.Helper()
	initdb := findPostgres("initdb")
	p := &postgres{t: t, path: findPostgres("postgres")}
	if initdb == "" || p.path == "" {
		if os.Getenv("REQUIRE_POSTGRES") != "" {
			t.Fatal("no postgres: apt-get install postgresql")
		}
		t.Skip("no postgres: apt-get install postgresql")
	}
	var err error
	if p.dir, err = os.MkdirTemp("", "lmzpg"); err != nil { // short: it has a socket
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(p.dir) })
	attr := unprivileged(t, p.dir)
	c := exec.Command(initdb, "-D", filepath.Join(p.dir, "data"), "-U", "lmz", "-A", "trust", "--no-sync")
	c.SysProcAttr = attr
	c.Dir = p.dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	p.url = fmt.Sprintf("postgres://lmz@127.0.0.1:%d/postgres?sslmode=disable", p.port)
	p.start()
	t.Cleanup(p.kill)
	return p
}

func findPostgres(name string) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		return found[len(found)-1]
	}
	path, _ := exec.LookPath(name)
	return path
}

// unprivileged lets a process be another user than root, which postgres refuses to be.
func unprivileged(t *testing.T, dir string) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 {
		const nobody = 65534
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		attr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return attr
}

// start starts the server and waits until it answers. Children of one that was killed may keep it
// from starting for a moment.
func (p *postgres) start() {
	for range 600 {
		if p.cmd == nil {
			p.cmd = exec.Command(p.path, "-D", filepath.Join(p.dir, "data"), "-h", "127.0.0.1", "-p", fmt.Sprint(p.port), "-k", p.dir)
			p.cmd.SysProcAttr = unprivileged(p.t, p.dir)
			p.cmd.Dir = p.dir
			p.log.Reset()
			p.cmd.Stderr = &p.log
			if err := p.cmd.Start(); err != nil {
				p.t.Fatal(err)
			}
			p.ended = make(chan struct{})
			go func(c *exec.Cmd, ended chan struct{}) {
				c.Wait()
				close(ended)
			}(p.cmd, p.ended)
		}
		if c, err := pgx.Connect(context.Background(), p.url); err == nil {
			c.Close(context.Background())
			return
		}
		select {
		case <-p.ended:
			p.cmd = nil
		case <-time.After(50 * time.Millisecond):
		}
	}
	p.t.Fatal("postgres does not answer")
}

// kill ends the server at once.
func (p *postgres) kill() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		<-p.ended
		p.cmd = nil
	}
}
