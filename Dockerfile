FROM python:3.12-slim
COPY . /src
RUN pip install --no-cache-dir '/src[server]' && rm -rf /src && \
    useradd --uid 1000 dateline && mkdir /data /cache && chown dateline /data /cache
USER dateline
ENV DATELINE_DATA_DIR=/data DATELINE_CACHE_DIR=/cache
EXPOSE 7860
CMD ["dateline", "ui", "--host", "0.0.0.0", "--port", "7860", "--first-folder", "/articles"]
