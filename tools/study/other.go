//go:build unix

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
)

// other is a compressor of others: it gives the size of what it makes of a text.
type other struct {
	name string
	size func(text []byte) (int, error)
}

func gzipSize(text []byte) (int, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(text); err != nil {
		return 0, err
	}
	err = w.Close()
	return b.Len(), err
}

// lzma2Size is the size of a raw stream, as 2309.10668 counts it. The dictionary holds any text.
func lzma2Size(text []byte) (int, error) {
	return piped(text, "xz", "-c", "-T1", "--format=raw", "--lzma2=preset=9e,dict=1MiB")
}

// pngSize is the size of a text as a picture of patchWidth pixels.
func pngSize(text []byte) (int, error) {
	rows := (len(text) + patchWidth - 1) / patchWidth
	pixels := make([]byte, rows*patchWidth)
	copy(pixels, text)
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestCompression}
	err := e.Encode(&b, &image.Gray{Pix: pixels, Stride: patchWidth, Rect: image.Rect(0, 0, patchWidth, rows)})
	return b.Len(), err
}

// piped is the number of bytes that a command makes of a text.
func piped(text []byte, command string, args ...string) (int, error) {
	c := exec.Command(command, args...)
	var out, why bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(text), &out, &why
	if err := c.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", command, err, why.Bytes())
	}
	return out.Len(), nil
}

// flac gives the compressor that scripts/get-media has unpacked, or an installed one.
func (s *study) flac() (other, error) {
	program, err := exec.LookPath("flac")
	libraries := ""
	if err != nil {
		program, libraries = filepath.Join(s.media, "bin", "flac"), filepath.Join(s.media, "lib")
		if _, err := os.Stat(program); err != nil {
			return other{}, fmt.Errorf("FLAC: the program flac is not here (Debian: apt-get install flac, or scripts/get-media)")
		}
	}
	return other{"FLAC -8", func(text []byte) (int, error) {
		args := []string{"-8", "-s", "-c", "--no-padding", "--no-seektable", "--force-raw-format", "--endian=little", "--sign=unsigned",
			"--channels=1", "--bps=8", "--sample-rate=16000", "-"}
		if libraries != "" {
			return piped(text, "env", append([]string{"LD_LIBRARY_PATH=" + libraries, program}, args...)...)
		}
		return piped(text, program, args...)
	}}, nil
}

// others lists the compressors of others that suit a class of inputs.
func (s *study) others(class string, r *report) []other {
	list := []other{{"gzip -9", gzipSize}}
	if _, err := exec.LookPath("xz"); err != nil {
		r.skip("LZMA2: the program xz is not here (Debian: apt-get install xz-utils)")
	} else {
		list = append(list, other{"LZMA2 (xz -9e)", lzma2Size})
	}
	switch class {
	case "images":
		list = append(list, other{"PNG", pngSize})
	case "audio":
		if f, err := s.flac(); err != nil {
			r.skip(err.Error())
		} else {
			list = append(list, f)
		}
	}
	return list
}

// sizes adds up what a compressor makes of texts.
func (o other) sizes(texts [][]byte) (sum int64, err error) {
	for _, t := range texts {
		n, err := o.size(t)
		if err != nil {
			return 0, err
		}
		sum += int64(n)
	}
	return sum, nil
}
