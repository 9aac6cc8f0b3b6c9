package notices

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

// Text is the licences of all that is in programs. Modules are looked up by what cmd/lmz of the
// repository in sources names.
func Text(sources string, all Modules) ([]byte, error) {
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
	section(&b, "Go's runtime and standard library, "+all.Go, text)
	for _, m := range all.List {
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
			section(&b, m.Path+" "+m.Version+", "+f.Name(), text)
			found = true
		}
		if !found {
			return nil, fmt.Errorf("%s %s: there is no licence in the module", m.Path, m.Version)
		}
	}
	return b.Bytes(), nil
}

func section(b *bytes.Buffer, title string, text []byte) {
	fmt.Fprintf(b, "\n%s\n%s\n\n%s\n", title, strings.Repeat("=", len(title)), bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
}

// folder is where a module lies, which is downloaded if need be.
func folder(sources string, m Module) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", m.Path+"@"+m.Version)
	cmd.Dir = filepath.Join(sources, "cmd/lmz")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", m.Path, m.Version, err, out)
	}
	var got struct{ Dir, Sum string }
	if err := json.Unmarshal(out, &got); err != nil {
		return "", err
	}
	if m.Sum != "" && got.Sum != m.Sum {
		return "", fmt.Errorf("%s %s: its sum is %s, the program has %s", m.Path, m.Version, got.Sum, m.Sum)
	}
	return got.Dir, nil
}
