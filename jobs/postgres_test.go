//go:build unix

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// postgres is a server of its own, which can be killed and started anew.
type postgres struct {
	t    *testing.T
	url  string
	path string
	dir  string
	port int
	cmd  *exec.Cmd
	log  bytes.Buffer
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

func (p *postgres) start() {
	p.cmd = exec.Command(p.path, "-D", filepath.Join(p.dir, "data"), "-h", "127.0.0.1", "-p", fmt.Sprint(p.port), "-k", p.dir)
	p.cmd.SysProcAttr = unprivileged(p.t, p.dir)
	p.cmd.Dir = p.dir
	p.cmd.Stderr = &p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	for range 200 {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p.port)); err == nil {
			c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Fatalf("postgres does not answer: %s", p.log.String())
}

// kill ends the server and its children at once.
func (p *postgres) kill() {
	if p.cmd != nil {
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		p.cmd.Wait()
		p.cmd = nil
	}
}
