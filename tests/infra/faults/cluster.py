"""Faults in the manifests of Kubernetes."""

from tests.infra.faults.fault import K8S, Fault

CLUSTER = (
    Fault(
        f"{K8S}/base/service.yaml",
        "  selector:\n    app.kubernetes.io/name: egl-ml",
        "  selector:\n    app: egl-ml",
        "test_service_policy_budget_and_spread_select_the_deployment_s_pods",
    ),
    Fault(f"{K8S}/base/service.yaml", "targetPort: http", "targetPort: web", "test_the_port_is_the_same_all_the_way"),
    Fault(f"{K8S}/base/network-policy.yaml", "port: 8080", "port: 80", "test_the_port_is_the_same_all_the_way"),
    Fault(
        f"{K8S}/base/network-policy.yaml",
        "kubernetes.io/metadata.name: keda",
        "kubernetes.io/metadata.name: default",
        "test_only_keda_reaches_the_pods_and_they_reach_dns_and_tls",
    ),
    Fault(
        f"{K8S}/base/deployment.yaml",
        "path: /health/ready",
        "path: /health/live",
        "test_probes_call_the_health_functions",
    ),
    Fault(
        f"{K8S}/base/deployment.yaml",
        "            - secretRef:\n                name: egl-ml",
        "            - secretRef:\n                name: egl",
        "test_the_settings_come_from_the_config_map_and_the_secret",
    ),
    Fault(
        f"{K8S}/base/deployment.yaml",
        "runAsNonRoot: true",
        "runAsNonRoot: false",
        "test_the_pod_is_not_root_and_cannot_become_root",
    ),
    Fault(
        f"{K8S}/base/deployment.yaml",
        "readOnlyRootFilesystem: true",
        "readOnlyRootFilesystem: false",
        "test_the_root_is_read_only_and_scratch_space_is_limited",
    ),
    Fault(
        f"{K8S}/base/deployment.yaml",
        "failureThreshold: 60",
        "failureThreshold: 5",
        "test_a_slow_start_is_not_treated_as_a_dead_process",
    ),
    Fault(
        f"{K8S}/base/deployment.yaml",
        "maxUnavailable: 0",
        "maxUnavailable: 1",
        "test_requests_under_way_can_end_before_the_pod_does",
    ),
    Fault(
        f"{K8S}/base/scaled-object.yaml",
        "interceptorRoute: egl-ml",
        "interceptorRoute: egl",
        "test_keda_scales_this_deployment_by_this_route",
    ),
    Fault(
        f"{K8S}/overlays/large/scaled-object.yaml",
        "minReplicaCount: 6",
        "minReplicaCount: 0",
        "test_keda_scales_this_deployment_by_this_route",
    ),
    Fault(
        f"{K8S}/overlays/large/deployment.yaml",
        "memory: 2Gi",
        "memory: 2G",
        "test_a_pod_has_the_memory_it_requests_and_no_limit_of_cpu",
    ),
    Fault(f"{K8S}/overlays/small/kustomization.yaml", 'newTag: "1"', "newTag: latest", "test_the_image_has_a_version"),
    Fault(
        f"{K8S}/base/kustomization.yaml",
        "  - network-policy.yaml\n",
        "",
        "test_every_object_is_rendered_into_one_namespace",
    ),
    Fault(
        f"{K8S}/components/azure/secret-provider-class.yaml",
        "secretName: egl-ml",
        "secretName: vault",
        "test_on_aks_the_driver_makes_the_secret_that_the_pod_reads",
    ),
    Fault(
        f"{K8S}/components/azure/secret-provider-class.yaml",
        "objectName: token-key\n          objectType",
        "objectName: tokenkey\n          objectType",
        "test_on_aks_the_driver_makes_the_secret_that_the_pod_reads",
    ),
    Fault(
        f"{K8S}/components/azure/deployment.yaml",
        "secretProviderClass: egl-ml",
        "secretProviderClass: egl",
        "test_on_aks_the_secret_is_mounted_because_that_creates_it",
    ),
    Fault(
        f"{K8S}/components/azure/service-account.yaml",
        "client-id: 0",
        "client-id: 1",
        "test_on_aks_pods_are_one_identity_everywhere",
    ),
)
