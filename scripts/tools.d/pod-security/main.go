// Judges the pods of manifests by the code of Kubernetes' own pod security admission, at the level restricted, without a cluster.
//
//	pod-security FILE...    a line for each pod that would be refused, then how many pods there were; 1 where one is refused
//
// An Argo workflow is judged by the pods that Argo makes of its templates.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

type pod struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     corev1.PodSpec    `json:"spec"`
}

// What bears on security in a workflow; its other fields are not a pod's.
type workflow struct {
	SecurityContext *corev1.PodSecurityContext `json:"securityContext"`
	HostNetwork     bool                       `json:"hostNetwork"`
	Volumes         []corev1.Volume            `json:"volumes"`
	PodMetadata     metav1.ObjectMeta          `json:"podMetadata"`
	Templates       []struct {
		SecurityContext *corev1.PodSecurityContext `json:"securityContext"`
		Volumes         []corev1.Volume            `json:"volumes"`
		InitContainers  []corev1.Container         `json:"initContainers"`
		Container       *corev1.Container          `json:"container"`
		Sidecars        []corev1.Container         `json:"sidecars"`
	} `json:"templates"`
}

// object has the places in which kinds keep their pods.
type object struct {
	Kind     string            `json:"kind"`
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		corev1.PodSpec
		Template    *pod `json:"template"`
		JobTemplate *struct {
			Spec struct {
				Template pod `json:"template"`
			} `json:"spec"`
		} `json:"jobTemplate"`
		WorkflowSpec *workflow `json:"workflowSpec"`
	} `json:"spec"`
}

var makesPods = map[string]bool{
	"Pod": true, "Deployment": true, "StatefulSet": true, "DaemonSet": true, "ReplicaSet": true, "Job": true,
	"CronJob": true, "CronWorkflow": true,
}

func (one *object) pods() []pod {
	switch one.Kind {
	case "Pod":
		return []pod{{one.Metadata, one.Spec.PodSpec}}
	case "CronJob":
		return []pod{one.Spec.JobTemplate.Spec.Template}
	case "CronWorkflow":
		return one.Spec.WorkflowSpec.pods()
	}
	return []pod{*one.Spec.Template}
}

func (of *workflow) pods() []pod {
	var found []pod
	for _, template := range of.Templates {
		if template.Container == nil {
			continue
		}
		spec := corev1.PodSpec{
			SecurityContext: of.SecurityContext,
			HostNetwork:     of.HostNetwork,
			Volumes:         slices.Concat(of.Volumes, template.Volumes),
			InitContainers:  template.InitContainers,
			Containers:      append(slices.Clone(template.Sidecars), *template.Container),
		}
		if template.SecurityContext != nil {
			spec.SecurityContext = template.SecurityContext
		}
		found = append(found, pod{of.PodMetadata, spec})
	}
	return found
}

func main() {
	judge, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	check(err)
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	judged, refused := 0, 0
	for _, file := range os.Args[1:] {
		text, err := os.ReadFile(file)
		check(err)
		for _, document := range strings.Split("\n"+string(text), "\n---\n") {
			// The kind first: another kind's spec need not look like any of these.
			var named struct {
				Kind string `json:"kind"`
			}
			check(yaml.Unmarshal([]byte(document), &named))
			if !makesPods[named.Kind] {
				continue
			}
			var one object
			check(yaml.Unmarshal([]byte(document), &one))
			for _, pod := range one.pods() {
				judged++
				verdict := policy.AggregateCheckResults(judge.EvaluatePod(level, &pod.Metadata, &pod.Spec))
				if !verdict.Allowed {
					refused++
					fmt.Printf("%s %s %s/%s: %s\n", file, one.Kind, one.Metadata.Namespace, one.Metadata.Name, verdict.ForbiddenDetail())
				}
			}
		}
	}
	fmt.Printf("%d pods, %d refused\n", judged, refused)
	if refused > 0 || judged == 0 {
		os.Exit(1)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pod-security:", err)
		os.Exit(2)
	}
}
