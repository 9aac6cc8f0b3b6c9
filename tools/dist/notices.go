package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|unlicense)([.-].*)?$`)

// notices are the licences of all that is in programs.
func notices(sources string, all modules) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "The programs lmz have in them, besides what is lmz itself (LICENSE), the following.\n")
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "LICENSE"))
	if err != nil {
		return nil, err
	}
	section(&b, "Go's runtime and standard library, "+all.golang, text)
	for _, m := range all.list {
		dir, err := folder(sources, m)
		if err != nil {
			return nil, err
		}
		files, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		found := false
		for _, f := range files {
			if f.IsDir() || !licenceFile.MatchString(f.Name()) || strings.HasSuffix(f.Name(), ".go") {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil {
				return nil, err
			}
			section(&b, m.path+" "+m.version+", "+f.Name(), text)
			found = true
		}
		if !found {
			return nil, fmt.Errorf("%s %s: there is no licence in the module", m.path, m.version)
		}
	}
	return b.Bytes(), nil
}

// noticesOf writes the licences of what is in programs of this tree.
func noticesOf(programs []string, file string) error {
	made, err := modulesOf(programs)
	if err != nil {
		return err
	}
	text, err := notices(".", made)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

func section(b *bytes.Buffer, title string, text []byte) {
	fmt.Fprintf(b, "\n%s\n%s\n\n%s\n", title, strings.Repeat("=", len(title)), bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
}

// folder is where a module lies, which is downloaded if need be.
func folder(sources string, m module) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", m.path+"@"+m.version)
	cmd.Dir = filepath.Join(sources, "cmd/lmz")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", m.path, m.version, err, out)
	}
	var got struct{ Dir, Sum string }
	if err := json.Unmarshal(out, &got); err != nil {
		return "", err
	}
	if m.sum != "" && got.Sum != m.sum {
		return "", fmt.Errorf("%s %s: its sum is %s, the program has %s", m.path, m.version, got.Sum, m.sum)
	}
	return got.Dir, nil
}
