package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

type manifest struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Pulumi  *struct {
		Resource bool   `json:"resource"`
		Name     string `json:"name"`
		Version  string `json:"version"`
		Server   string `json:"server"`
	} `json:"pulumi"`
}

// installed reads the manifests of the packages in the node_modules folders from dir upwards.
func installed(dir string) []manifest {
	seen := map[string]manifest{}
	for d := dir; ; d = filepath.Dir(d) {
		for _, glob := range []string{"node_modules/*/package.json", "node_modules/@*/*/package.json"} {
			files, _ := filepath.Glob(filepath.Join(d, glob))
			for _, f := range files {
				raw, err := os.ReadFile(f)
				if err != nil {
					continue
				}
				var m manifest
				if json.Unmarshal(raw, &m) != nil || m.Name == "" {
					continue
				}
				if _, ok := seen[m.Name]; !ok {
					seen[m.Name] = m
				}
			}
		}
		if d == filepath.Dir(d) {
			break
		}
	}
	all := make([]manifest, 0, len(seen))
	for _, m := range seen {
		all = append(all, m)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

func (h *host) GetRequiredPackages(_ context.Context, r *pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse, error) {
	res := &pulumirpc.GetRequiredPackagesResponse{}
	for _, m := range installed(r.GetInfo().GetProgramDirectory()) {
		if m.Pulumi == nil || !m.Pulumi.Resource {
			continue
		}
		name := m.Pulumi.Name
		if name == "" {
			name = strings.TrimPrefix(strings.TrimPrefix(m.Name, "@pulumi/"), "@pulumiverse/")
		}
		v := m.Pulumi.Version
		if v == "" {
			v = m.Version
		}
		res.Packages = append(res.Packages, &pulumirpc.PackageDependency{
			Kind: "resource", Name: name, Version: "v" + strings.TrimPrefix(v, "v"), Server: m.Pulumi.Server,
		})
	}
	return res, nil
}

func (h *host) GetProgramDependencies(_ context.Context, r *pulumirpc.GetProgramDependenciesRequest) (*pulumirpc.GetProgramDependenciesResponse, error) {
	res := &pulumirpc.GetProgramDependenciesResponse{}
	for _, m := range installed(r.GetInfo().GetProgramDirectory()) {
		res.Dependencies = append(res.Dependencies, &pulumirpc.DependencyInfo{Name: m.Name, Version: m.Version})
	}
	return res, nil
}

func (h *host) InstallDependencies(r *pulumirpc.InstallDependenciesRequest, s grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse]) error {
	dir := r.GetInfo().GetProgramDirectory()
	verb := "install"
	if _, err := os.Stat(filepath.Join(dir, "package-lock.json")); err == nil {
		verb = "ci"
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	cmd := exec.CommandContext(s.Context(), "npm", verb)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if sendErr := s.Send(&pulumirpc.InstallDependenciesResponse{Stdout: out}); sendErr != nil {
		return sendErr
	}
	return err
}
