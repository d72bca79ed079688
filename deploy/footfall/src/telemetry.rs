//! OpenTelemetry: where traces go, by the standard variables of its specification (cargo feature `otel`).
//!
//! `OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318` turns it on: OTLP as protobuf over plain http, to a collector
//! beside the service. `OTEL_TRACES_SAMPLER` and its `_ARG` choose; without them one request in a hundred is traced.

/// The variables that turn it on.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];

/// Whether traces are wanted.
#[must_use]
pub fn is_configured() -> bool {
    ENDPOINTS
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Nothing: this build has no exporter.
#[cfg(not(feature = "otel"))]
pub struct Telemetry(());

#[cfg(not(feature = "otel"))]
impl Telemetry {
    /// Nothing waits.
    pub fn end(self) {}
}

/// Says that this build cannot, if it is asked to.
///
/// # Errors
/// Never: traces are no reason not to start.
#[cfg(not(feature = "otel"))]
pub fn begin(_service: &'static str, _runtime: &tokio::runtime::Handle) -> anyhow::Result<Telemetry> {
    if is_configured() {
        tracing::warn!(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but this build has no traces: build it with the feature `otel`"
        );
    }
    Ok(Telemetry(()))
}

#[cfg(feature = "otel")]
pub use with_sdk::{Telemetry, begin};

#[cfg(feature = "otel")]
mod with_sdk {
    use super::is_configured;
    use crate::http::Client;
    use anyhow::{Context as _, Result};
    use opentelemetry::global;
    use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
    use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
    use tokio::runtime::Handle;
    use url::Url;

    /// Share of requests that are traced unless the operator says otherwise.
    const SHARE: f64 = 0.01;
    /// Bytes of a collector's answer.
    const ANSWER_BYTES: usize = 1 << 20;

    /// The exporter, if one is configured.
    pub struct Telemetry(Option<SdkTracerProvider>);

    impl Telemetry {
        /// Sends what waits; the runtime still has to be there.
        pub fn end(self) {
            if let Some(Err(error)) = self.0.map(|provider| provider.shutdown()) {
                tracing::warn!(%error, "the last traces could not be sent");
            }
        }
    }

    /// Begins to export traces, if that is configured.
    ///
    /// # Errors
    /// When the endpoint is no plain http URL.
    pub fn begin(service: &'static str, runtime: &Handle) -> Result<Telemetry> {
        if !is_configured() {
            return Ok(Telemetry(None));
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_http_client(Collector(runtime.clone()))
            .build()
            .context(
                "cannot export traces: OTEL_EXPORTER_OTLP_ENDPOINT must be such as http://collector:4318",
            )?;
        let mut provider = SdkTracerProvider::builder().with_batch_exporter(exporter);
        if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
            provider = provider.with_resource(Resource::builder().with_service_name(service).build());
        }
        if std::env::var_os("OTEL_TRACES_SAMPLER").is_none() {
            let share = Sampler::TraceIdRatioBased(SHARE);
            provider = provider.with_sampler(Sampler::ParentBased(Box::new(share)));
        }
        let provider = provider.build();
        global::set_tracer_provider(provider.clone());
        Ok(Telemetry(Some(provider)))
    }

    /// Posts to the collector from this program's runtime; the exporter itself runs on a thread of its own.
    #[derive(Debug)]
    struct Collector(Handle);

    #[async_trait::async_trait]
    impl HttpClient for Collector {
        async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
            Ok(self.0.spawn(post(request)).await??)
        }
    }

    async fn post(request: Request<Bytes>) -> Result<Response<Bytes>> {
        let (head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string())?;
        let headers: Vec<_> = head
            .headers
            .into_iter()
            .filter_map(|(name, value)| Some((name?, value)))
            .collect();
        let mut client = Client::new(&url)?;
        let answer = client
            .call(head.method, url.path(), &headers, body, ANSWER_BYTES)
            .await?;
        let mut response = Response::new(answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}
