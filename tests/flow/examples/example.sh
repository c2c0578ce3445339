curl -X POST "/analyze/segmentation-v2" \
-H "Content-Type: application/json" \
-d '{
    "imgSrc": "path/to/your/image/in/s3/bucket"
}'
