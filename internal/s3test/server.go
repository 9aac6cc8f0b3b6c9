// Package s3test runs a server of S3 on loopback for tests: versitygw, of a module that nothing
// else needs, and a proxy in front of it that loses requests, answers, and parts of both.
package s3test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Credentials of the server, which its clients find in the environment.
const (
	accessKey = "lmztest"
	secretKey = "lmztestsecret"
	region    = "us-east-1"
)

// Server is one that can be killed and started anew; what was stored stays.
type Server struct {
	Address string // host:port
	Dir     string // of the buckets, which are folders

	tb     testing.TB
	path   string
	mu     sync.Mutex
	cmd    *exec.Cmd
	output *bytes.Buffer
}

// program finds the server, which the first call of a machine compiles.
func program(tb testing.TB) string {
	_, self, _, _ := runtime.Caller(0)
	cmd := exec.Command("go", "tool", "-n", "versitygw")
	cmd.Dir = filepath.Join(filepath.Dir(self), "..", "..", "cloud", "s3server")
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0", "CGO_LDFLAGS=")
	var failed bytes.Buffer
	cmd.Stderr = &failed
	path, err := cmd.Output()
	if err != nil {
		tb.Fatalf("go tool -n versitygw: %v\n%s", err, failed.Bytes())
	}
	return string(bytes.TrimSpace(path))
}

// Start starts a server with these buckets, which ends with the test.
func Start(tb testing.TB, buckets ...string) *Server {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{Address: l.Addr().String(), Dir: tb.TempDir(), tb: tb, path: program(tb)}
	l.Close()
	for _, b := range buckets {
		if err := os.Mkdir(filepath.Join(s.Dir, b), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	for k, v := range Environment() {
		if t, ok := tb.(interface{ Setenv(k, v string) }); ok {
			t.Setenv(k, v)
		}
	}
	s.Restart()
	tb.Cleanup(s.Kill)
	return s
}

// Environment is what clients of the server need.
func Environment() map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_REGION": region,
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}
}

// Restart starts the server and waits until it answers.
func (s *Server) Restart() {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.output = &bytes.Buffer{}
	s.cmd = exec.Command(s.path, "--port", s.Address, "--quiet", "--access", accessKey, "--secret", secretKey, "--region", region, "posix", s.Dir)
	s.cmd.Stdout, s.cmd.Stderr = s.output, s.output
	if err := s.cmd.Start(); err != nil {
		s.tb.Fatal(err)
	}
	for range 200 {
		if r, err := http.Get("http://" + s.Address + "/"); err == nil {
			r.Body.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.cmd.Process.Kill()
	s.cmd.Wait()
	s.tb.Fatalf("the server of S3 does not answer: %s", s.output)
}

// Kill ends the server at once, as a power cut would.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		s.cmd = nil
	}
}

// Ensure starts the server if it was killed.
func (s *Server) Ensure() {
	s.mu.Lock()
	running := s.cmd != nil
	s.mu.Unlock()
	if !running {
		s.Restart()
	}
}

// URL is that of a key, or with an empty one of a bucket, by way of an address: the server's or a
// proxy's.
func URL(address, bucket, key string) string {
	return fmt.Sprintf("s3://%s/%s?endpoint=http://%s&use_path_style=true", bucket, key, address)
}
